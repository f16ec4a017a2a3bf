using System.Numerics;
using System.Runtime.InteropServices;

namespace EdgeDaemon.Audit;

/// <summary>
/// Records on their way to the writer's thread: many threads copy them in without a lock, one takes them out. A record stays where it is until it is on the disk, so that a
/// group whose sync failed can be built again.
/// </summary>
/// <remarks>
/// The place is claimed by one compare-and-swap of a word that holds position and count; bytes are copied after that, and the length, written last, says that they are
/// whole. A thread that is held up between the two holds up the writer, and nobody else.
/// </remarks>
internal sealed class RecordRing
{
    /// <summary>Places begin at multiples of this many bytes: a cache line, so that two threads seldom write to one.</summary>
    public const int Unit = 64;

    /// <summary>Bytes in front of each record.</summary>
    public const int HeadBytes = 24; // length, nothing, time, number

    private const int PositionBits = 40;
    private const long PositionMask = (1L << PositionBits) - 1;
    private const int MostUnits = 1 << 23; // Half of what the count can tell apart.

    private readonly byte[] _bytes;
    private readonly int _units;
    private long _tail; // Claimed up to here: position in units, and above it the count of records; both go round.
    private long _head; // Freed up to here. Only the writer changes it.
    private long _next; // Taken up to here: the writer's own.

    /// <param name="bytes">How much, rounded up to a power of two; at most 512 MiB.</param>
    public RecordRing(int bytes)
    {
        _units = (int)BitOperations.RoundUpToPowerOf2((uint)((bytes + Unit - 1) / Unit));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(_units, MostUnits, nameof(bytes));
        _bytes = new byte[_units * Unit];
    }

    /// <summary>What came of an attempt.</summary>
    public enum Attempt
    {
        Taken,
        NoRoom,

        /// <summary>There is room, but so many records wait already.</summary>
        TooMany,
    }

    /// <summary>Records that are in it.</summary>
    public int Count
    {
        get
        {
            long head = Volatile.Read(ref _head);
            return CountBetween(head, Volatile.Read(ref _tail));
        }
    }

    /// <summary>Bytes that are claimed.</summary>
    public long UsedBytes
    {
        get
        {
            long head = Volatile.Read(ref _head);
            return UnitsBetween(head, Volatile.Read(ref _tail)) * Unit;
        }
    }

    public int Capacity => _bytes.Length;

    /// <summary>Copies a record in.</summary>
    /// <param name="record">At least one byte.</param>
    /// <param name="time">When: microseconds since 1970.</param>
    /// <param name="most">Not when so many are in it.</param>
    /// <param name="waiter">Gets its place and is put on <paramref name="waiters"/> before the writer can see the record; null: nobody waits.</param>
    /// <param name="waiters">Where the writer looks for it; null: the writer has it already.</param>
    public Attempt TryAppend(ReadOnlySpan<byte> record, long time, int most, AuditWaiter? waiter, WaiterStack? waiters)
    {
        int units = UnitsOf(record.Length);
        long tail;
        long head;
        do
        {
            head = Volatile.Read(ref _head); // First: a tail that is read later is never behind it.
            tail = Volatile.Read(ref _tail);
            if (UnitsBetween(head, tail) + units > _units)
            {
                return Attempt.NoRoom;
            }

            if (CountBetween(head, tail) >= most)
            {
                return Attempt.TooMany;
            }
        }
        while (Interlocked.CompareExchange(ref _tail, Advance(tail, units, 1), tail) != tail);

        int start = OffsetOf(tail);
        MemoryMarshal.Write(_bytes.AsSpan(start + 8), time);
        int at = (start + HeadBytes) % _bytes.Length;
        int first = Math.Min(record.Length, _bytes.Length - at);
        record[..first].CopyTo(_bytes.AsSpan(at));
        record[first..].CopyTo(_bytes);
        if (waiter is not null)
        {
            waiter.Position = tail & PositionMask;
            waiters?.Push(waiter);
        }

        // A full fence: whoever appended reads next whether the writer sleeps, and must not have read it before.
        _ = Interlocked.Exchange(ref MemoryMarshal.AsRef<int>(_bytes.AsSpan(start, sizeof(int))), record.Length);
        return Attempt.Taken;
    }

    /// <summary>The length of the next record that has not been taken; 0: there is none. Waits for one that is just being copied.</summary>
    public int PeekLength()
    {
        if (_next == Volatile.Read(ref _tail))
        {
            return 0;
        }

        ref int length = ref MemoryMarshal.AsRef<int>(_bytes.AsSpan(OffsetOf(_next), sizeof(int)));
        int seen;
        var spin = default(SpinWait);
        while ((seen = Volatile.Read(ref length)) == 0)
        {
            spin.SpinOnce();
        }

        return seen;
    }

    /// <summary>When the next record came; only after <see cref="PeekLength"/> has seen one.</summary>
    public long PeekTime() => MemoryMarshal.Read<long>(_bytes.AsSpan(OffsetOf(_next) + 8));

    /// <summary>Copies the next record out, leaves its number in its place for whoever waits, and goes on.</summary>
    /// <param name="into">As long as <see cref="PeekLength"/> said.</param>
    /// <param name="sequence">The number that it gets.</param>
    public void Take(Span<byte> into, long sequence)
    {
        int start = OffsetOf(_next);
        MemoryMarshal.Write(_bytes.AsSpan(start + 16), sequence);
        int from = (start + HeadBytes) % _bytes.Length;
        int first = Math.Min(into.Length, _bytes.Length - from);
        _bytes.AsSpan(from, first).CopyTo(into);
        _bytes.AsSpan(0, into.Length - first).CopyTo(into[first..]);
        _next = Advance(_next, UnitsOf(into.Length), 1);
    }

    /// <summary>Whether the record that was claimed at this position is taken, and then its number.</summary>
    /// <param name="position">The waiter's.</param>
    /// <param name="mark">Up to where records count as taken: <see cref="Mark"/>.</param>
    /// <param name="sequence">-1: it is not.</param>
    public bool TryGetSequence(long position, long mark, out long sequence)
    {
        bool taken = UnitsBetween(_head, position) < UnitsBetween(_head, mark);
        sequence = taken ? MemoryMarshal.Read<long>(_bytes.AsSpan(OffsetOf(position) + 16)) : -1;
        return taken;
    }

    /// <summary>Up to where records are taken now.</summary>
    public long Mark() => _next;

    /// <summary>All that were taken go back, to be taken again.</summary>
    public void Rewind() => _next = _head;

    /// <summary>What was taken up to a mark is on the disk: its room is others'.</summary>
    /// <returns>How many records.</returns>
    public int Free(long mark)
    {
        int freed = CountBetween(_head, mark);
        int start = OffsetOf(_head);
        int bytes = (int)(UnitsBetween(_head, mark) * Unit);
        int first = Math.Min(bytes, _bytes.Length - start);

        // All of it: any unit can be the begin of the next record, and what is zero there says that it is not whole yet.
        _bytes.AsSpan(start, first).Clear();
        _bytes.AsSpan(0, bytes - first).Clear();
        Volatile.Write(ref _head, mark);
        return freed;
    }

    private static long Advance(long word, int units, int records) =>
        ((word + units) & PositionMask) | (((word >>> PositionBits) + records) << PositionBits);

    private static long UnitsBetween(long from, long to) => (to - from) & PositionMask;

    private static int CountBetween(long from, long to) => (int)(((to >>> PositionBits) - (from >>> PositionBits)) & 0xFF_FFFF);

    private static int UnitsOf(int recordBytes) => (HeadBytes + recordBytes + Unit - 1) / Unit;

    // A power of two units: positions go round without a seam.
    private int OffsetOf(long word) => (int)(word & (_units - 1)) * Unit;
}
