using System.Diagnostics;
using EdgeDaemon.Core.Protocol;

namespace EdgeDaemon.Admission;

/// <summary>
/// What one tenant takes and has taken, as plain numbers: written by atomic additions, read by anyone at any time. Those that count limits (in flight,
/// connections, tensor memory) are exact at any moment; the others only grow.
/// </summary>
internal sealed class TenantUsage
{
    private readonly long[] _refused = new long[Enum.GetValues<Refusal>().Length];
    private long _admitted;
    private long _inFlight;
    private long _bytes;
    private long _connections;
    private long _certifying;
    private long _tensorBytes;
    private long _tensorPeak;
    private long _queued;
    private long _laneTicks;

    /// <summary>Inference requests that were let in, whatever became of them.</summary>
    public long Admitted => Volatile.Read(ref _admitted);

    /// <summary>Inference requests now, from entry to answer.</summary>
    public long InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Of request bodies.</summary>
    public long BytesIn => Volatile.Read(ref _bytes);

    /// <summary>Open now.</summary>
    public long Connections => Volatile.Read(ref _connections);

    /// <summary>Held now, as blocks take it.</summary>
    public long TensorBytes => Volatile.Read(ref _tensorBytes);

    /// <summary>The most that was held at once.</summary>
    public long TensorBytesPeak => Volatile.Read(ref _tensorPeak);

    /// <summary>Requests that wait for a lane of any model.</summary>
    public long Queued => Volatile.Read(ref _queued);

    /// <summary>Lanes held, together.</summary>
    public double LaneSeconds => Volatile.Read(ref _laneTicks) / (double)Stopwatch.Frequency;

    /// <summary>Requests refused for this reason.</summary>
    public long Refused(Refusal refusal) => Volatile.Read(ref _refused[(int)refusal]);

    public void CountRefusal(Refusal refusal) => Interlocked.Increment(ref _refused[(int)refusal]);

    public void CountBytes(long bytes) => Interlocked.Add(ref _bytes, bytes);

    public void CountLane(long ticks) => Interlocked.Add(ref _laneTicks, ticks);

    public void CountQueued(int change) => Interlocked.Add(ref _queued, change);

    /// <summary>False when there are as many in flight as there may be.</summary>
    /// <param name="most">0: no limit.</param>
    public bool TryEnter(int most)
    {
        if (!TryAdd(ref _inFlight, 1, most))
        {
            return false;
        }

        Interlocked.Increment(ref _admitted);
        return true;
    }

    public void Leave() => Interlocked.Decrement(ref _inFlight);

    /// <summary>False when there are as many open as there may be.</summary>
    /// <param name="most">0: no limit.</param>
    public bool TryConnect(int most) => TryAdd(ref _connections, 1, most);

    /// <summary>Certifications at work.</summary>
    public long Certifying => Volatile.Read(ref _certifying);

    /// <summary>False when there are as many as there may be.</summary>
    /// <param name="most">0: no limit.</param>
    public bool TryCertify(int most) => TryAdd(ref _certifying, 1, most);

    public void EndCertifying() => Interlocked.Decrement(ref _certifying);

    public void Disconnect() => Interlocked.Decrement(ref _connections);

    /// <summary>False when so much more would be too much.</summary>
    /// <param name="bytes">More than is held.</param>
    /// <param name="most">0: no limit.</param>
    public bool TryHold(long bytes, long most)
    {
        if (!TryAdd(ref _tensorBytes, bytes, most))
        {
            return false;
        }

        long now = TensorBytes;
        for (long peak = TensorBytesPeak; now > peak;)
        {
            long before = Interlocked.CompareExchange(ref _tensorPeak, now, peak);
            if (before == peak)
            {
                break;
            }

            peak = before;
        }

        return true;
    }

    public void LetGo(long bytes) => Interlocked.Add(ref _tensorBytes, -bytes);

    // Never above the limit, not for a moment: what is refused must not have made another fail.
    private static bool TryAdd(ref long count, long amount, long most)
    {
        if (most == 0)
        {
            Interlocked.Add(ref count, amount);
            return true;
        }

        long seen = Volatile.Read(ref count);
        while (seen <= most - amount)
        {
            long before = Interlocked.CompareExchange(ref count, seen + amount, seen);
            if (before == seen)
            {
                return true;
            }

            seen = before;
        }

        return false;
    }
}
