using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using EdgeDaemon.Core.Configuration;

namespace EdgeDaemon.Listeners;

/// <summary>
/// What one network address may take before it is known who calls from there: open connections, and handshakes begun, the daemon's dearest answer to a stranger. Of IPv6
/// the first 64 bits count: a household or a machine has at least so many addresses.
/// </summary>
internal sealed class SourceLimits(LimitSettings limits, TimeProvider clock)
{
    private const int BurstSeconds = 10;

    // Memory for sources has a bound, too; those beyond it share one place.
    private const int MostSources = 1 << 16;
    private const int SweepFrom = 1024;

    // No address's: of IPv4 there are 32 bits. All zeroes would be ::1's network.
    private static readonly SourceNetwork Others = new(ulong.MaxValue, false);

    private readonly Dictionary<SourceNetwork, Source> _sources = [];
    private readonly Lock _change = new();
    private int _sweepAt = SweepFrom;
    private long _swept;

    /// <summary>Sources that are remembered.</summary>
    public int Count
    {
        get
        {
            lock (_change)
            {
                return _sources.Count;
            }
        }
    }

    /// <summary>Counts a connection that begins a handshake; <see cref="Leave"/> gives it back when, and only when, the answer is <see cref="SourceVerdict.Admitted"/>.</summary>
    /// <param name="address">Where it comes from.</param>
    /// <param name="network">Where it was counted.</param>
    public SourceVerdict Enter(IPAddress address, out SourceNetwork network)
    {
        long now = clock.GetTimestamp();
        lock (_change)
        {
            network = PlaceOf(address, now);
            ref Source source = ref Find(network, now);
            Refill(ref source, now);
            if (source.Open >= limits.MaxSourceConnections)
            {
                return SourceVerdict.TooManyConnections;
            }

            if (source.Tokens < 1)
            {
                return SourceVerdict.TooManyHandshakes;
            }

            source.Tokens--;
            source.Open++;
            return SourceVerdict.Admitted;
        }
    }

    public void Leave(SourceNetwork network)
    {
        lock (_change)
        {
            CollectionsMarshal.GetValueRefOrNullRef(_sources, network).Open--;
        }
    }

    private SourceNetwork PlaceOf(IPAddress address, long now)
    {
        SourceNetwork network = SourceNetwork.Of(address);
        if (_sources.ContainsKey(network))
        {
            return network;
        }

        // A full table is looked through at most once a second: a source that is new each time must not make everybody wait for it.
        if (_sources.Count >= _sweepAt && (_sources.Count < MostSources || clock.GetElapsedTime(_swept, now).TotalSeconds >= 1))
        {
            _swept = now;
            Sweep(now);
        }

        return _sources.Count < MostSources ? network : Others;
    }

    private ref Source Find(SourceNetwork network, long now)
    {
        ref Source source = ref CollectionsMarshal.GetValueRefOrAddDefault(_sources, network, out bool known);
        if (!known)
        {
            source.Tokens = (double)limits.SourceHandshakesPerSecond * BurstSeconds;
            source.Counted = now;
        }

        return ref source;
    }

    private void Refill(ref Source source, long now)
    {
        double most = (double)limits.SourceHandshakesPerSecond * BurstSeconds;
        source.Tokens = Math.Min(most, source.Tokens + (clock.GetElapsedTime(source.Counted, now).TotalSeconds * limits.SourceHandshakesPerSecond));
        source.Counted = now;
    }

    // Whoever has nothing open and has not come for so long that his bucket is full again is as good as new.
    private void Sweep(long now)
    {
        foreach ((SourceNetwork network, Source source) in _sources)
        {
            if (source.Open == 0 && clock.GetElapsedTime(source.Counted, now).TotalSeconds >= BurstSeconds)
            {
                _sources.Remove(network);
            }
        }

        _sweepAt = Math.Min(MostSources, Math.Max(SweepFrom, 2 * _sources.Count));
    }

    private struct Source
    {
        public int Open;
        public double Tokens;
        public long Counted;
    }
}

/// <summary>An IPv4 address, or the first 64 bits of an IPv6 one; bytes in network order.</summary>
internal readonly record struct SourceNetwork(ulong Bits, bool IsSix)
{
    public static SourceNetwork Of(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? new SourceNetwork(MemoryMarshal.Read<ulong>(bytes), true)
            : new SourceNetwork(MemoryMarshal.Read<uint>(bytes), false);
    }
}

/// <summary>What becomes of a new connection by where it comes from.</summary>
internal enum SourceVerdict
{
    Admitted,
    NotAllowed,
    TooManyConnections,
    TooManyHandshakes,
}
