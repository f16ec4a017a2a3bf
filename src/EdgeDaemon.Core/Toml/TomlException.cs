namespace EdgeDaemon.Core.Toml;

/// <summary>The text is not TOML 1.0. A text that is not TOML has one error: what follows it cannot be trusted.</summary>
public sealed class TomlException(TomlDiagnostic diagnostic) : Exception(diagnostic.ToString())
{
    public TomlDiagnostic Diagnostic { get; } = diagnostic;
}
