namespace EdgeDaemon.Core.Protocol;

/// <summary>One entry of a response's <c>parameters</c>.</summary>
public readonly struct ResponseParameter
{
    private ResponseParameter(string name, InferParameterKind kind, long bits, string? text, ReadOnlyMemory<byte> utf8 = default)
    {
        Utf8 = utf8;
        Name = name;
        Kind = kind;
        Bits = bits;
        Text = text;
    }

    public string Name { get; }

    public InferParameterKind Kind { get; }

    /// <summary>The value of a <see cref="InferParameterKind.Text"/> parameter; null: it is <see cref="Utf8"/>.</summary>
    public string? Text { get; }

    /// <summary>A text that must not outlive its answer: nobody can clear a string.</summary>
    public ReadOnlyMemory<byte> Utf8 { get; }

    /// <summary>Every other value: an integer, the bits of a double, or 0 and 1.</summary>
    public long Bits { get; }

    public static ResponseParameter Of(string name, string value) => new(name, InferParameterKind.Text, 0, value);

    /// <param name="name">The parameter's name.</param>
    /// <param name="utf8">Printable ASCII, or other UTF-8 without control characters; its owner clears it once the answer is written.</param>
    public static ResponseParameter OfSecret(string name, ReadOnlyMemory<byte> utf8) => new(name, InferParameterKind.Text, 0, null, utf8);

    public static ResponseParameter Of(string name, long value) => new(name, InferParameterKind.Integer, value, null);

    public static ResponseParameter Of(string name, ulong value) => new(name, InferParameterKind.UnsignedInteger, (long)value, null);

    public static ResponseParameter Of(string name, bool value) => new(name, InferParameterKind.Boolean, value ? 1 : 0, null);

    /// <param name="name">The parameter's name.</param>
    /// <param name="value">Finite: JSON has no other numbers.</param>
    public static ResponseParameter Of(string name, double value) => double.IsFinite(value)
        ? new(name, InferParameterKind.Real, BitConverter.DoubleToInt64Bits(value), null)
        : throw new RefusedException(Refusal.OutputNotFinite, $"response parameter '{name}' is not finite");
}
