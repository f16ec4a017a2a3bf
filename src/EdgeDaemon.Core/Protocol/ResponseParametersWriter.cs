using System.Buffers;
using System.Buffers.Text;

namespace EdgeDaemon.Core.Protocol;

/// <summary>A response's <c>parameters</c> as a JSON object. Few answers have them.</summary>
internal static class ResponseParametersWriter
{
    // The longest double of the shortest digits has 24 characters, an integer of 64 bits 20.
    private const int LongestNumber = 32;

    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<ResponseParameter> parameters)
    {
        output.Write("{"u8);
        for (int i = 0; i < parameters.Length; i++)
        {
            ref readonly ResponseParameter parameter = ref parameters[i];
            if (i > 0)
            {
                output.Write(","u8);
            }

            JsonStringWriter.Write(output, parameter.Name);
            output.Write(":"u8);
            WriteValue(output, parameter);
        }

        output.Write("}"u8);
    }

    private static void WriteValue(IBufferWriter<byte> output, in ResponseParameter parameter)
    {
        int length;
        switch (parameter.Kind)
        {
            case InferParameterKind.Text when parameter.Text is null:
                JsonStringWriter.WriteSecret(output, parameter.Utf8.Span);
                return;
            case InferParameterKind.Text:
                JsonStringWriter.Write(output, parameter.Text);
                return;
            case InferParameterKind.Integer:
                Utf8Formatter.TryFormat(parameter.Bits, output.GetSpan(LongestNumber), out length);
                break;
            case InferParameterKind.UnsignedInteger:
                Utf8Formatter.TryFormat((ulong)parameter.Bits, output.GetSpan(LongestNumber), out length);
                break;
            case InferParameterKind.Real:
                Utf8Formatter.TryFormat(BitConverter.Int64BitsToDouble(parameter.Bits), output.GetSpan(LongestNumber), out length);
                break;
            default:
                output.Write(parameter.Bits != 0 ? "true"u8 : "false"u8);
                return;
        }

        output.Advance(length);
    }
}
