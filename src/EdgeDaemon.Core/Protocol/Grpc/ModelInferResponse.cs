using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Protocol.Grpc;

/// <summary>Writes the head of one ModelInferResponse: everything before <c>raw_output_contents</c>, whose bytes their caller sends from where they lie.</summary>
public static class ModelInferResponse
{
    private const int RawContents = 6;

    public static void Begin(ProtobufWriter output, ModelHead model, ReadOnlySpan<byte> id)
    {
        output.Ready(model.Protobuf);
        output.Bytes(3, id);
    }

    /// <summary>After <see cref="Begin"/>, before the outputs.</summary>
    public static void Parameters(ProtobufWriter output, ReadOnlySpan<ResponseParameter> parameters)
    {
        foreach (ref readonly ResponseParameter parameter in parameters)
        {
            int entry = output.Begin(4);
            output.Text(1, parameter.Name);
            int value = output.Begin(2);
            switch (parameter.Kind)
            {
                case InferParameterKind.Boolean:
                    output.Choice(1, (ulong)parameter.Bits);
                    break;
                case InferParameterKind.Integer:
                    output.Choice(2, (ulong)parameter.Bits);
                    break;
                case InferParameterKind.Text when parameter.Text is null:
                    output.Choice(3, parameter.Utf8.Span);
                    break;
                case InferParameterKind.Text:
                    output.Choice(3, parameter.Text!);
                    break;
                case InferParameterKind.Real:
                    output.Choice(4, BitConverter.Int64BitsToDouble(parameter.Bits));
                    break;
                default:
                    output.Choice(5, (ulong)parameter.Bits);
                    break;
            }

            output.End(value);
            output.End(entry);
        }
    }

    public static void Output(ProtobufWriter output, OutputHead head, in TensorShape shape)
    {
        int start = output.Begin(5);
        output.Ready(head.Protobuf);
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
