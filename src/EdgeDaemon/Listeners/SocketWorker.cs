using System.Collections.Concurrent;

namespace EdgeDaemon.Listeners;

/// <summary>One of the <see cref="SocketThreads"/>: where it waits, what it will do next, and whether another has taken its place.</summary>
internal sealed class SocketWorker(SocketThreads threads, int place)
{
    private volatile bool _gaveUpPlace;

    public SocketThreads Threads => threads;

    public int Place { get; set; } = place;

    public ConcurrentQueue<SocketWork> Next { get; } = new();

    public bool GaveUpPlace
    {
        get => _gaveUpPlace;
        set => _gaveUpPlace = value;
    }
}
