namespace EdgeDaemon.Core.Audit.Records;

/// <summary>
/// Fields of one record, as bytes, for the next: who asks what seldom changes from a caller's request to its next, and to look texts over, redact and copy them anew each time is
/// most of what a record costs; and read anew each time (<see cref="RecordCheck"/>), of what a verification does. Used again; one thread at a time.
/// </summary>
public sealed class PreparedFields
{
    /// <summary>Bytes of all; more are not kept.</summary>
    public const int Most = 1024;

    private readonly byte[] _bytes = new byte[Most];
    private int _length;

    /// <summary>Nothing: there are none.</summary>
    internal ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    internal ulong LowFields { get; private set; }

    internal ulong HighFields { get; private set; }

    public void Clear() => _length = 0;

    internal void Set(ReadOnlySpan<byte> bytes, ulong lowFields, ulong highFields)
    {
        _length = bytes.Length <= Most ? bytes.Length : 0;
        bytes[.._length].CopyTo(_bytes);
        (LowFields, HighFields) = (lowFields, highFields);
    }
}
