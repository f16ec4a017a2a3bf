using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using EdgeDaemon.Client.Inference;

namespace EdgeDaemon.Client.Rest;

/// <summary>A request body of JSON head and raw tensors: the callers' own buffers are written to the socket, no joined copy is made.</summary>
internal sealed class TensorsContent : HttpContent
{
    private readonly ReadOnlyMemory<byte> _head;
    private readonly IReadOnlyList<InputTensor> _inputs;

    public TensorsContent(ReadOnlyMemory<byte> head, IReadOnlyList<InputTensor> inputs)
    {
        _head = head;
        _inputs = inputs;
        Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        Headers.Add(WireHeaders.HeadLength, head.Length.ToString(CultureInfo.InvariantCulture));
        Headers.ContentLength = Length();
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(_head, cancellationToken);
        foreach (InputTensor input in _inputs)
        {
            await stream.WriteAsync(input.Bytes, cancellationToken);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = Length();
        return true;
    }

    private long Length()
    {
        long length = _head.Length;
        foreach (InputTensor input in _inputs)
        {
            length += input.Bytes.Length;
        }

        return length;
    }
}
