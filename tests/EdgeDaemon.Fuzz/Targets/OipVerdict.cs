using System.Globalization;
using System.Text;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Fuzz.Targets;

/// <summary>A request read whole, as one canonical line: the head's fields, and every tensor's bytes in hexadecimal.</summary>
internal static class OipVerdict
{
    /// <param name="request">What the reader filled.</param>
    /// <param name="json">The head it was filled from.</param>
    /// <param name="binary">The bytes of a binary input, or null where there is no body.</param>
    /// <exception cref="RefusedException">A tensor breaks a rule.</exception>
    public static string Of(InferRequest request, ReadOnlySpan<byte> json, Func<InferInput, byte[]>? binary)
    {
        var line = new StringBuilder("accept id=");
        line.Append(request.HasId ? Hex(request.Id) : "none").Append(" bdo=").Append(Text(request.BinaryDataOutput)).Append(" params=");
        foreach (InferParameter parameter in request.Parameters)
        {
            line.Append(Hex(request.ParameterName(parameter))).Append(':').Append(Value(request, parameter)).Append(';');
        }

        line.Append(" inputs=");
        foreach (InferInput input in request.Inputs)
        {
            line.Append(Hex(input.Name)).Append(':').Append(input.Type.WireName()).Append(':').Append(input.Shape).Append(':');
            byte[]? tensor = input.IsBinary ? binary?.Invoke(input) : Data(input, json);
            line.Append(tensor is null ? "b" + input.BinarySize.ToString(CultureInfo.InvariantCulture) : Hex(tensor)).Append(';');
        }

        line.Append(" outputs=");
        foreach (InferOutput output in request.Outputs)
        {
            line.Append(Hex(output.Name)).Append(':').Append(Text(output.Binary)).Append(';');
        }

        return line.ToString();
    }

    private static byte[] Data(InferInput input, ReadOnlySpan<byte> json)
    {
        ReadOnlySpan<byte> data = json.Slice(input.DataStart, input.DataLength);
        byte[] tensor = new byte[JsonTensorReader.Measure(data, input.Type, input.Shape)];
        JsonTensorReader.Read(data, input.Type, input.Shape, tensor);
        return tensor;
    }

    private static string Value(InferRequest request, in InferParameter parameter) => parameter.Kind switch
    {
        InferParameterKind.Text => "s" + Hex(request.ParameterText(parameter)),
        InferParameterKind.Integer => "i" + parameter.Integer.ToString(CultureInfo.InvariantCulture),
        InferParameterKind.UnsignedInteger => "i" + parameter.UnsignedInteger.ToString(CultureInfo.InvariantCulture),
        InferParameterKind.Real => "r" + BitConverter.DoubleToUInt64Bits(parameter.Real).ToString("x16", CultureInfo.InvariantCulture),
        _ => "b" + Text(parameter.Boolean),
    };

    private static string Text(bool? value) => value switch { null => "none", true => "true", false => "false" };

    private static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);
}
