using EdgeDaemon.Tests.Protocol.Grpc;

namespace EdgeDaemon.EndToEnd;

/// <summary>gRPC calls about digits, as bytes.</summary>
internal static class GrpcMessage
{
    public const string Infer = "/inference.GRPCInferenceService/ModelInfer";
    public const string Stream = "/inference.GRPCInferenceService/ModelStreamInfer";
    public const string Metadata = "/inference.GRPCInferenceService/ModelMetadata";
    public const string Live = "/inference.GRPCInferenceService/ServerLive";
    public const string Watch = "/grpc.health.v1.Health/Watch";

    /// <summary>A message in its frame.</summary>
    public static byte[] Frame(byte[] message, byte flag = 0, uint? length = null)
    {
        uint stated = length ?? (uint)message.Length;
        return [flag, (byte)(stated >> 24), (byte)(stated >> 16), (byte)(stated >> 8), (byte)stated, .. message];
    }

    /// <summary>A ModelInferRequest about the first images, with more fields behind it.</summary>
    public static byte[] Digits(int count, params byte[][] more) => Proto.Join(
        [Proto.Text(1, "digits"), Proto.Input("image", "UINT8", [count, 1, 8, 8]), Proto.Field(7, EndToEnd.Digits.Images.AsSpan(0, count * EndToEnd.Digits.Pixels).ToArray()), .. more]);

    /// <summary>The message's fields behind the head and before the pixels, for orders that no client sends.</summary>
    public static byte[] Pixels(int count) => EndToEnd.Digits.Images.AsSpan(0, count * EndToEnd.Digits.Pixels).ToArray();
}
