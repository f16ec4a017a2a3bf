using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Protocol.Grpc;

/// <summary>Writes the head of one ModelInferResponse: everything before <c>raw_output_contents</c>, whose bytes their caller sends from where they lie.</summary>
public static class ModelInferResponse
{
    private const int RawContents = 6;

    public static void Begin(ProtobufWriter output, string modelName, string modelVersion, ReadOnlySpan<byte> id)
    {
        output.Text(1, modelName);
        output.Text(2, modelVersion);
        output.Bytes(3, id);
    }

    public static void Output(ProtobufWriter output, string name, ElementType type, in TensorShape shape)
    {
        int start = output.Begin(5);
        output.Text(1, name);
        output.Text(2, type.WireName());
        output.Packed(3, shape.Span);
        output.End(start);
    }

    /// <summary>What comes before the bytes of the next output.</summary>
    public static void RawPrefix(ProtobufWriter output, int length) => output.Prefix(RawContents, length);

    /// <summary>Bytes that the next output takes, what comes before it included.</summary>
    public static long RawSize(int length) => 1 + WireFormat.VarintSize((ulong)length) + (long)length;

    /// <summary>What comes before a ModelInferResponse of that length inside a ModelStreamInferResponse.</summary>
    public static void StreamPrefix(ProtobufWriter output, long length) => output.Prefix(2, length);

    /// <summary>Bytes of <see cref="StreamPrefix"/>.</summary>
    public static int StreamPrefixSize(long length) => 1 + WireFormat.VarintSize((ulong)length);

    /// <summary>A ModelStreamInferResponse that refuses: the text, and the request's id for whoever has several under way.</summary>
    public static void StreamError(ProtobufWriter output, string text, ReadOnlySpan<byte> id)
    {
        output.Text(1, text);
        int start = output.Begin(2);
        output.Bytes(3, id);
        output.End(start);
    }
}
