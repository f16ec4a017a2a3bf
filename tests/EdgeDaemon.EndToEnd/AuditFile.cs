using System.Buffers.Binary;
using System.Text;

namespace EdgeDaemon.EndToEnd;

/// <summary>One record as it lies in a log: its kind, and each field's values by the field's number.</summary>
internal sealed record AuditLine(long Sequence, int Kind, IReadOnlyDictionary<int, List<object>> Fields)
{
    public const int Request = 1, Refusal = 2, AuthenticationFailure = 3, ModelChange = 4, TrustChange = 5, ConfigurationChange = 6, AdminAction = 7, Start = 8, Stop = 9, Recovery = 10, Alert = 11;

    /// <summary>A field as text, a digest as upper-case hex; null: it is not there.</summary>
    public string? this[int field] => Fields.TryGetValue(field, out List<object>? values) ? values[0] as string ?? Convert.ToString(values[0], System.Globalization.CultureInfo.InvariantCulture) : null;
}

/// <summary>
/// Reads a log's segments by the words of Core/Audit/README.md and with nothing of the product's code: frames from byte 4096 on, each a length, a sequence and a record.
/// It judges nothing; that is the verifier's.
/// </summary>
internal static class AuditFile
{
    private const int HeaderBytes = 4096;
    private const int FrameBytes = 24;

    public static List<AuditLine> Read(string folder)
    {
        var lines = new List<AuditLine>();
        string[] files = [.. Directory.GetFiles(folder, "*.segment").Order(StringComparer.Ordinal)];
        for (int i = 0; i < files.Length; i++)
        {
            byte[] bytes = File.ReadAllBytes(files[i]);

            // What a segment holds from the next one's first sequence on was given up, and written again there.
            long end = i + 1 < files.Length ? FirstSequence(files[i + 1]) : long.MaxValue;
            for (int at = HeaderBytes; at + FrameBytes <= bytes.Length && BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at + 4)) is > 0 and var length;)
            {
                long sequence = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at + 8));
                if (sequence >= end)
                {
                    break;
                }

                lines.Add(Parse(sequence, bytes.AsSpan(at + FrameBytes, length)));
                at += (FrameBytes + length + 7) / 8 * 8;
            }
        }

        return lines;
    }

    private static long FirstSequence(string file)
    {
        using FileStream stream = File.OpenRead(file);
        byte[] head = new byte[32];
        stream.ReadExactly(head);
        return BinaryPrimitives.ReadInt64LittleEndian(head.AsSpan(24));
    }

    private static AuditLine Parse(long sequence, ReadOnlySpan<byte> record)
    {
        var fields = new Dictionary<int, List<object>>();
        for (int at = 1; at < record.Length;)
        {
            ulong tag = Varint(record, ref at);
            object value;
            if (tag % 8 == 0)
            {
                value = Varint(record, ref at);
            }
            else
            {
                int length = (int)Varint(record, ref at);
                value = tag % 8 is 1 or 3 ? Encoding.UTF8.GetString(record.Slice(at, length)) : Convert.ToHexString(record.Slice(at, length));
                at += length;
            }

            int number = (int)(tag / 8);
            if (!fields.TryGetValue(number, out List<object>? values))
            {
                fields.Add(number, values = []);
            }

            values.Add(value);
        }

        return new AuditLine(sequence, record[0], fields);
    }

    private static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte part = bytes[at++];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }
    }
}
