namespace EdgeDaemon.Core.Protocol;

public enum InferParameterKind : byte
{
    Text,
    Integer,

    /// <summary>An integer from 2^63 to 2^64-1.</summary>
    UnsignedInteger,

    /// <summary>A number with fraction or exponent, or an integer outside of 64 bits (then possibly infinite).</summary>
    Real,
    Boolean,

    /// <summary>An array or an object, which means nothing: kept only where leaving it out would answer another question.</summary>
    Compound,
}

/// <summary>One request parameter with its value; the text lies in the request that holds it.</summary>
public readonly struct InferParameter
{
    internal InferParameter(TextRange name, InferParameterKind kind, long bits, TextRange text)
    {
        NameRange = name;
        Kind = kind;
        Bits = bits;
        TextRange = text;
    }

    public InferParameterKind Kind { get; }

    public long Integer => Bits;

    public ulong UnsignedInteger => (ulong)Bits;

    public double Real => BitConverter.Int64BitsToDouble(Bits);

    public bool Boolean => Bits != 0;

    internal TextRange NameRange { get; }

    internal TextRange TextRange { get; }

    private long Bits { get; }
}

/// <summary>A piece of the text that one <see cref="InferRequest"/> keeps.</summary>
internal readonly record struct TextRange(int Start, int Length);
