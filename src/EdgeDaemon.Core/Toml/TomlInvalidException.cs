using System.Collections.Immutable;

namespace EdgeDaemon.Core.Toml;

/// <summary>The text is TOML, but not what its schema says: every error of the file at once, in the order of the file.</summary>
public sealed class TomlInvalidException(ImmutableArray<TomlDiagnostic> diagnostics, int unreported = 0)
    : Exception(Text(diagnostics, unreported))
{
    public ImmutableArray<TomlDiagnostic> Diagnostics { get; } = diagnostics;

    /// <summary>How many more there were beyond the cap of <see cref="TomlDiagnostics.Capacity"/>.</summary>
    public int Unreported { get; } = unreported;

    private static string Text(ImmutableArray<TomlDiagnostic> diagnostics, int unreported)
    {
        string all = string.Join('\n', diagnostics);
        return unreported == 0 ? all : $"{all}\n(and {unreported} more)";
    }
}
