namespace EdgeDaemon.Listeners;

/// <summary>How many TLS handshakes are worked on at once, on all listeners; others wait. One that waits for its caller's next bytes is not worked on.</summary>
internal sealed class HandshakePlaces(int most) : IDisposable
{
    private readonly SemaphoreSlim _free = new(most);

    public Task EnterAsync(CancellationToken cancel) => _free.WaitAsync(cancel);

    public void Leave() => _free.Release();

    public void Dispose() => _free.Dispose();
}
