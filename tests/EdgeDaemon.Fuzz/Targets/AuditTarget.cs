using System.Globalization;
using System.Text;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Audit.Segments;

namespace EdgeDaemon.Fuzz.Targets;

/// <summary>
/// What the audit log's readers read: the first byte chooses among record, signed note, checkpoint, epoch certificate, tlog-proof, and a frame's beginning. Signatures
/// are not judged here.
/// </summary>
internal sealed class AuditTarget : FuzzTarget
{
    public override string Name => "audit";

    public override string Oracle => "audit_log.py";

    public override IReadOnlyList<byte[]> Dictionary { get; } =
    [
        .. new[]
        {
            "\n", "\n\n", "\u2014 ", "\u2014 a ", "=", "==", "+", " ", "0", "1", "00", "18446744073709551615", "18446744073709551616", "253402300799999999", "253402300800000000", "epoch 0\n", "place 0 4096\n",
            "time 5\n", "header 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "AAAAAAA=\n", "index 0\n", "extra AA==\n", "edgedaemon-epoch/v1\n", "c2sp.org/tlog-proof@v1\n",
            "origin a\n", "root ", "key ", "closed ", "start ", "size ",
        }.Select(Encoding.UTF8.GetBytes),
        [0x78], [0x80], [0x80, 0x00], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [0x11, 0x01, 0x61], [0x13, 0x01, 0x61], [0x1C, 0x24], [0x90, 0x01, 0x05], [0xE1, 0x03, 0x01, 0x61], [0xC0, 0x07, 0x05], [0xA5, 0x00],
    ];

    public override string Judge(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return "reject";
        }

        try
        {
            ReadOnlySpan<byte> body = input[1..];
            return (input[0] % 6) switch
            {
                0 => JudgeRecord(body),
                1 => JudgeNote(SignedNote.Parse(body)),
                2 => JudgeCheckpoint(Checkpoint.Parse(body)),
                3 => JudgeCertificate(EpochCertificate.Parse(body)),
                4 => JudgeProof(TlogProof.Parse(body)),
                _ => body.Length >= 8 && Frame.BeginsWell(body) ? $"accept frame {Frame.Length(body)}" : "reject",
            };
        }
        catch (AuditFormatException)
        {
            return "reject";
        }
    }

    private static string JudgeRecord(ReadOnlySpan<byte> record)
    {
        var reader = new RecordReader(record);
        var text = new StringBuilder($"accept record {(int)reader.Kind}");
        while (reader.Next())
        {
            string value = reader.Form == FieldForm.Number ? reader.Number.ToString(CultureInfo.InvariantCulture) : Convert.ToHexStringLower(reader.Bytes);
            text.Append(CultureInfo.InvariantCulture, $" {(int)reader.Field}/{(int)reader.Form}={value}");
        }

        return text.ToString();
    }

    private static string JudgeNote(SignedNote note) =>
        $"accept note {Convert.ToHexStringLower(note.Text.Span)} {string.Join(',', note.Signatures.Select(line => $"{Convert.ToHexStringLower(Encoding.UTF8.GetBytes(line.Name))}/{line.KeyId:x8}/{Convert.ToHexStringLower(line.Signature.Span)}"))}";

    private static string JudgeCheckpoint(Checkpoint read) => string.Create(
        CultureInfo.InvariantCulture,
        $"accept checkpoint {read.Origin} {read.Size} {Convert.ToHexStringLower(read.Root.Span)} {read.Epoch} {read.Segment} {read.Offset} {read.Time} {Convert.ToHexStringLower(read.Header.Span)}");

    private static string JudgeCertificate(EpochCertificate read) => string.Create(
        CultureInfo.InvariantCulture,
        $"accept epoch {read.Origin} {read.Epoch} {read.Size} {Convert.ToHexStringLower(read.Root.Span)} {read.Closed} {read.Start} {Convert.ToHexStringLower(read.Key.Span)}");

    private static string JudgeProof(TlogProof read) =>
        $"accept proof {read.Index} {Convert.ToHexStringLower(read.Extra.Span)} {string.Join(',', read.Hashes.Select(Convert.ToHexStringLower))} {JudgeNote(read.Note)}";
}
