using System.Net;
using System.Net.Http.Headers;
using EdgeDaemon.Core.Protocol.Grpc;

namespace EdgeDaemon.Client.Grpc;

/// <summary>A request body that is written when the connection is there.</summary>
internal sealed class GrpcContent : HttpContent
{
    private readonly Func<Stream, CancellationToken, ValueTask> _write;

    public GrpcContent(Func<Stream, CancellationToken, ValueTask> write)
    {
        _write = write;
        Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
    }

    /// <summary>One small message.</summary>
    public static GrpcContent Of(Action<ProtobufWriter> fill)
    {
        var message = new ProtobufWriter();
        fill(message);
        byte[] frame = new byte[GrpcFrame.PrefixSize + message.Written.Length];
        GrpcFrame.WritePrefix(frame, message.Written.Length);
        message.Written.CopyTo(frame.AsSpan(GrpcFrame.PrefixSize));
        return new GrpcContent((stream, cancellation) => stream.WriteAsync(frame, cancellation));
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        _write(stream, cancellationToken).AsTask();

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
