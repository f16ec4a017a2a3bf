namespace EdgeDaemon.Benchmarks.Load;

/// <summary>One client's connection: blocking, one request at a time.</summary>
internal interface ILoadConnection : IDisposable
{
    /// <summary>The body of the last answer, until the next.</summary>
    ReadOnlySpan<byte> Body { get; }

    /// <summary>Sends the request and reads the whole answer; anything but success is an error. False when the server said that it is too much.</summary>
    /// <param name="request">Whole.</param>
    /// <param name="tolerant">Whether that is an answer like others.</param>
    bool Exchange(ReadOnlySpan<byte> request, bool tolerant = false);
}
