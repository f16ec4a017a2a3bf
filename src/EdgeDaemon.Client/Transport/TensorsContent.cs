using System.Net;
using System.Net.Http.Headers;

namespace EdgeDaemon.Client.Transport;

/// <summary>A request body of JSON head and raw tensors: the callers' own buffers are written to the socket, no joined copy is made.</summary>
internal sealed class TensorsContent : HttpContent
{
    private readonly ReadOnlyMemory<byte> _head;
    private readonly ReadOnlyMemory<byte>[] _tensors;

    public TensorsContent(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte>[] tensors)
    {
        _head = head;
        _tensors = tensors;
        Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        Headers.Add(WireHeaders.HeadLength, head.Length.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Headers.ContentLength = Length();
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(_head, cancellationToken);
        foreach (ReadOnlyMemory<byte> tensor in _tensors)
        {
            await stream.WriteAsync(tensor, cancellationToken);
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
        foreach (ReadOnlyMemory<byte> tensor in _tensors)
        {
            length += tensor.Length;
        }

        return length;
    }
}
