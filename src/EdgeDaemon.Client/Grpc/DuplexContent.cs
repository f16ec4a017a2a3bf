using System.Net;
using System.Net.Http.Headers;

namespace EdgeDaemon.Client.Grpc;

/// <summary>A request body that stays open: whoever has the call writes into it until it is completed.</summary>
internal sealed class DuplexContent : HttpContent
{
    private readonly TaskCompletionSource<Stream> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public DuplexContent() => Headers.ContentType = new MediaTypeHeaderValue("application/grpc");

    /// <summary>What to write to, once the connection is there.</summary>
    public Task<Stream> Opened => _opened.Task;

    /// <summary>Ends the request's side.</summary>
    public void Complete() => _completed.TrySetResult();

    /// <summary>The call failed before there was anything to write to.</summary>
    public void Fail(Exception error)
    {
        if (_opened.TrySetException(error))
        {
            _ = _opened.Task.Exception; // It may be that nobody ever asks.
        }
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await stream.FlushAsync(cancellationToken);
        _opened.TrySetResult(stream);
        await _completed.Task.WaitAsync(cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
