namespace EdgeDaemon.Core.Toml;

/// <summary>One TOML value and the place where it begins.</summary>
public abstract class TomlValue
{
    private protected TomlValue(TomlPosition position) => Position = position;

    public TomlPosition Position { get; private protected set; }

    public int Line => Position.Line;

    public int Column => Position.Column;

    /// <summary>For messages: <c>a string</c>, <c>an integer</c>, ...</summary>
    public abstract string TypeName { get; }
}

public sealed class TomlString(string value, TomlPosition position) : TomlValue(position)
{
    public string Value { get; } = value;

    public override string TypeName => "a string";
}

public sealed class TomlInteger(long value, TomlPosition position) : TomlValue(position)
{
    public long Value { get; } = value;

    public override string TypeName => "an integer";
}

/// <summary>IEEE 754 binary64, nearest to the text; inf and nan are values.</summary>
public sealed class TomlFloat(double value, TomlPosition position) : TomlValue(position)
{
    public double Value { get; } = value;

    public override string TypeName => "a float";
}

public sealed class TomlBoolean(bool value, TomlPosition position) : TomlValue(position)
{
    public bool Value { get; } = value;

    public override string TypeName => "a boolean";
}
