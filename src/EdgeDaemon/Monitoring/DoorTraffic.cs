namespace EdgeDaemon.Monitoring;

/// <summary>What went through one listener: connections, and bytes as they were on the wire.</summary>
/// <param name="listener">Its name.</param>
internal sealed class DoorTraffic(string listener)
{
    private readonly StripedCount _received = new();
    private readonly StripedCount _sent = new();
    private long _accepted;
    private long _turnedAway;
    private long _closed;

    public string Listener => listener;

    public long Accepted => Interlocked.Read(ref _accepted);

    /// <summary>Connections that were cut when they came: there were as many as there may be, they came from where nobody may, or their caller is outside for a while. Of those whose handshake failed the handshakes' numbers tell.</summary>
    public long TurnedAway => Interlocked.Read(ref _turnedAway);

    /// <summary>Connections at the moment.</summary>
    public long Open => Interlocked.Read(ref _accepted) - Interlocked.Read(ref _closed);

    public long ReceivedBytes => _received.Value;

    public long SentBytes => _sent.Value;

    public void CountAccepted() => Interlocked.Increment(ref _accepted);

    public void CountClosed() => Interlocked.Increment(ref _closed);

    public void CountTurnedAway() => Interlocked.Increment(ref _turnedAway);

    public void CountReceived(int bytes) => _received.Add(bytes);

    public void CountSent(int bytes) => _sent.Add(bytes);
}
