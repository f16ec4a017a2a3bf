using System.Globalization;
using System.Security.Cryptography;
using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Audit.Segments;
using EdgeDaemon.Core.Audit.Tree;

namespace EdgeDaemon.Tests.Audit.Segments;

/// <summary>
/// A log written in memory by the rules of the README: what tests then damage. Everything that a forger would choose otherwise (who signs, what is in the
/// records) can be chosen.
/// </summary>
internal sealed class MemorySpool
{
    public const string Origin = "example.com/device/audit";

    private readonly int _segmentBytes;
    private readonly TreeEdge _edge = new();
    private byte[] _bytes = [];
    private int _at;
    private uint _checksum;
    private ulong _segment;

    public MemorySpool(ECDsa[] keys, int segmentBytes = 64 * 1024, Func<ulong, ECDsa>? signer = null)
    {
        Keys = keys;
        _segmentBytes = segmentBytes;
        Signer = signer ?? (epoch => keys[epoch]);
        Open(SegmentReason.First);
    }

    public static ECDsa[] NewKeys(int count) => [.. Enumerable.Range(0, count).Select(_ => ECDsa.Create(ECCurve.NamedCurves.nistP256))];

    public ECDsa[] Keys { get; }

    /// <summary>Who signs for an epoch: its own key, or the one that a forger has.</summary>
    public Func<ulong, ECDsa> Signer { get; }

    public List<byte[]> Segments { get; } = [];

    /// <summary>All certificates, as the file beside the segments.</summary>
    public List<byte> Chain { get; } = [];

    /// <summary>The notes of all checkpoints, in order.</summary>
    public List<byte[]> Notes { get; } = [];

    /// <summary>Segment, offset and length of each frame.</summary>
    public List<(int Segment, int Offset, int Length)> Frames { get; } = [];

    public List<byte[]> Leaves { get; } = [];

    public ulong Size => _edge.Size;

    public ulong Epoch { get; private set; }

    public long Time { get; set; } = 1_767_225_600_000_000;

    public int At => _at;

    public NoteVerifier FirstKey() => NoteVerifier.Of(Origin, Keys[0].ExportSubjectPublicKeyInfo());

    public IEnumerable<ISegmentBytes> Read(int piece = int.MaxValue) => Read(Segments, piece);

    public static IEnumerable<ISegmentBytes> Read(IEnumerable<byte[]> segments, int piece = int.MaxValue) =>
        segments.Select((bytes, number) => new MemorySegment($"segment-{number}", bytes, piece));

    /// <summary>A record of a request.</summary>
    public MemorySpool Request(string model = "digits", string detail = "")
    {
        byte[] buffer = new byte[1024];
        var writer = new RecordWriter(buffer, RecordKind.Request);
        writer.Text(RecordField.RequestId, Size.ToString("x16", CultureInfo.InvariantCulture));
        writer.Text(RecordField.Model, model);
        writer.Text(RecordField.Detail, detail);
        writer.Number(RecordField.Status, 200UL);
        return Append(buffer.AsSpan(0, writer.Finish()));
    }

    public MemorySpool Requests(int count)
    {
        for (int number = 0; number < count; number++)
        {
            Time += 1000;
            Request(detail: new string('d', number * 7 % 200));
        }

        return this;
    }

    public MemorySpool Record(RecordKind kind)
    {
        byte[] buffer = new byte[64];
        var writer = new RecordWriter(buffer, kind);
        return Append(buffer.AsSpan(0, writer.Finish()));
    }

    public MemorySpool Checkpoint(bool opening = false) => Note(RecordKind.Checkpoint, MakeCheckpoint(opening).Sign(new NoteSigner(Origin, Signer(Epoch))));

    public Checkpoint MakeCheckpoint(bool opening) => new()
    {
        Origin = Origin,
        Size = Size,
        Root = _edge.Root(),
        Epoch = Epoch,
        Segment = _segment,
        Offset = (ulong)_at,
        Time = Time,
        Header = opening ? SegmentHeader.Digest(_bytes) : default(ReadOnlyMemory<byte>),
    };

    /// <summary>The next epoch's certificate and its first checkpoint; where nothing of it is recorded, the certificate is in the chain alone.</summary>
    public MemorySpool NextEpoch(long closed = -1, long start = -1, bool recorded = true)
    {
        var certificate = new EpochCertificate
        {
            Origin = Origin,
            Epoch = Epoch + 1,
            Size = Size,
            Root = _edge.Root(),
            Closed = closed < 0 ? Time : closed,
            Start = start < 0 ? Time += 10 : Time = start,
            Key = Keys[Epoch + 1].ExportSubjectPublicKeyInfo(),
        };
        byte[] note = certificate.Sign(new NoteSigner(Origin, Signer(Epoch)));
        Chain.AddRange(note);
        if (recorded)
        {
            Note(RecordKind.Epoch, note);
        }

        Epoch++;
        return recorded ? Checkpoint() : this;
    }

    public MemorySpool Rotate(SegmentReason reason = SegmentReason.Rotated, ulong step = 1)
    {
        _segment += step;
        Open(reason);
        return this;
    }

    /// <summary>Any bytes as a record; the frame is a good one.</summary>
    public MemorySpool Append(ReadOnlySpan<byte> record)
    {
        if (_at + Frame.TotalBytes(record.Length) > _bytes.Length)
        {
            Rotate();
        }

        Span<byte> frame = _bytes.AsSpan(_at);
        record.CopyTo(frame[Frame.HeaderBytes..]);
        int length = Frame.Seal(frame, record.Length, Size, Time, ref _checksum);
        byte[] leaf = new byte[32];
        Frame.Leaf(frame[..length], leaf);
        Frames.Add((Segments.Count - 1, _at, length));
        Leaves.Add(leaf);
        _edge.Append(leaf);
        _at += length;
        return this;
    }

    /// <summary>Bytes behind the last frame that belong to nothing.</summary>
    public MemorySpool Garbage(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_bytes.AsSpan(_at));
        return this;
    }

    private MemorySpool Note(RecordKind kind, byte[] note)
    {
        byte[] buffer = new byte[note.Length + 32];
        var writer = new RecordWriter(buffer, kind);
        writer.Text(RecordField.Note, note);
        if (kind == RecordKind.Checkpoint)
        {
            Notes.Add(note);
        }

        return Append(buffer.AsSpan(0, writer.Finish()));
    }

    private void Open(SegmentReason reason)
    {
        _bytes = new byte[_segmentBytes];
        Segments.Add(_bytes);
        new SegmentHeader { Origin = Origin, Segment = _segment, Reason = reason, Time = Time, Edge = _edge }.Write(_bytes);
        _checksum = SegmentHeader.ChecksumOf(_bytes);
        _at = SegmentHeader.Length;
        Checkpoint(opening: true);
    }
}
