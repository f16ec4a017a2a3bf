using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Bundles;

/// <summary>
/// What a tool left for a manifest's author to say. Any text would do for some keys (an input's name), so that the word itself is refused,
/// wherever it is a value, in place of the message about what it is not.
/// </summary>
internal static class ManifestPlaceholders
{
    public static void Check(TomlTable table, TomlDiagnostics diagnostics)
    {
        foreach (TomlEntry entry in table.Entries)
        {
            Check(entry.Key, entry.Value, diagnostics);
        }
    }

    // As deep as the reader lets tables nest.
    private static void Check(string key, TomlValue value, TomlDiagnostics diagnostics)
    {
        switch (value)
        {
            case TomlString { Value: ModelManifest.FillIn }:
                diagnostics.Replace(value.Position, $"'{key}' is still {ModelManifest.FillIn}: say what it is");
                break;
            case TomlTable table:
                Check(table, diagnostics);
                break;
            case TomlArray array:
                foreach (TomlValue item in array.Items)
                {
                    Check(key, item, diagnostics);
                }

                break;
        }
    }
}
