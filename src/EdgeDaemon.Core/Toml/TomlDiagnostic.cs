namespace EdgeDaemon.Core.Toml;

/// <summary>Where in the text: both numbers start at 1; a column is one Unicode scalar value, as editors count.</summary>
public readonly record struct TomlPosition(int Line, int Column);

/// <summary>One thing that is wrong in a file, for an operator: what, and what to do.</summary>
public sealed record TomlDiagnostic(string File, int Line, int Column, string Message)
{
    public override string ToString() => $"{File}:{Line}:{Column}: {Message}";
}
