using EdgeDaemon.Client.Inference;
using EdgeDaemon.Core.Protocol.Grpc;

namespace EdgeDaemon.Client.Grpc;

/// <summary>One framed ModelInferRequest on its way: the head, and each tensor from the caller's own memory.</summary>
internal static class RequestMessage
{
    public static async ValueTask WriteAsync(Stream stream, InferenceRequest request, CancellationToken cancellation)
    {
        var head = new ProtobufWriter();
        ModelInferRequestWriter.Begin(head, request.Model, request.Version ?? "", request.Id ?? "");
        if (request.Votes)
        {
            ModelInferRequestWriter.Parameter(head, "votes", true);
        }

        foreach (string flag in request.Certify?.Flags() ?? [])
        {
            ModelInferRequestWriter.Parameter(head, flag, true);
        }

        foreach ((string name, string text) in request.Certify?.Texts() ?? [])
        {
            ModelInferRequestWriter.Parameter(head, name, text);
        }

        foreach (InputTensor input in request.Inputs)
        {
            ModelInferRequestWriter.Input(head, input.Name, input.Type, input.Shape.AsSpan());
        }

        foreach (RequestedOutput output in request.Outputs ?? [])
        {
            ModelInferRequestWriter.Output(head, output.Name);
        }

        var piece = new ProtobufWriter();
        long length = head.Written.Length;
        foreach (InputTensor input in request.Inputs)
        {
            length += ModelInferResponse.RawSize(input.Bytes.Length);
        }

        if (length > int.MaxValue)
        {
            throw new ArgumentException($"a request of {length} bytes is larger than a gRPC message can be", nameof(request));
        }

        byte[] front = new byte[GrpcFrame.PrefixSize + head.Written.Length];
        GrpcFrame.WritePrefix(front, (int)length);
        head.Written.CopyTo(front.AsSpan(GrpcFrame.PrefixSize));
        await stream.WriteAsync(front, cancellation);
        foreach (InputTensor input in request.Inputs)
        {
            piece.Reset();
            ModelInferRequestWriter.RawPrefix(piece, input.Bytes.Length);
            await stream.WriteAsync(piece.WrittenMemory, cancellation);
            await stream.WriteAsync(input.Bytes, cancellation);
        }

        await stream.FlushAsync(cancellation);
    }
}
