namespace EdgeDaemon.Benchmarks.Load;

/// <summary>One client's connection: blocking, one request at a time.</summary>
internal interface ILoadConnection : IDisposable
{
    /// <summary>The body of the last answer, until the next.</summary>
    ReadOnlySpan<byte> Body { get; }

    /// <summary>Sends the request and reads the whole answer; anything but success is an error.</summary>
    void Exchange(ReadOnlySpan<byte> request);
}
