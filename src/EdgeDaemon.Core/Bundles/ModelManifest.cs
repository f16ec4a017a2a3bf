using System.Collections.Immutable;
using System.Globalization;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Bundles;

/// <summary>model.toml: what a release says of itself. Signed like every file of the bundle; the schema is the README beside this file.</summary>
public sealed record ModelManifest
{
    public const string FileName = "model.toml";

    /// <summary>Stands in a first manifest where only its author knows what to say; no manifest is valid with it.</summary>
    public const string FillIn = "FILL_IN";

    private const int MostFiles = 100_000;
    private const int MostMembers = 64;
    private const int MostTensors = 64;
    private const int MostSelfTests = 64;

    private ModelManifest()
    {
    }

    public required string Name { get; init; }

    /// <summary>Decimal digits: clients of the protocol parse it.</summary>
    public required string Version { get; init; }

    public long VersionNumber => long.Parse(Version, NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>Grows with every release of a name.</summary>
    public required long Sequence { get; init; }

    public required long SecurityFloor { get; init; }

    public required DateTimeOffset Created { get; init; }

    public required DateTimeOffset? Expires { get; init; }

    public required ReleaseTargets Targets { get; init; }

    public required string Description { get; init; }

    /// <summary>Every file of the content but model.toml itself.</summary>
    public required ImmutableArray<ManifestFile> Files { get; init; }

    public required ImmutableArray<ManifestMember> Members { get; init; }

    /// <summary>Null for one member.</summary>
    public required ManifestEnsemble? Ensemble { get; init; }

    public required ImmutableArray<ManifestInput> Inputs { get; init; }

    public required ImmutableArray<ManifestOutput> Outputs { get; init; }

    /// <summary>Of each member.</summary>
    public required ManifestSession Session { get; init; }

    /// <summary>Requests may share a run; null: never.</summary>
    public required ManifestBatching? Batching { get; init; }

    /// <summary>The model may be smoothed; null: it may not.</summary>
    public required ManifestSmoothing? Smoothing { get; init; }

    /// <summary>Graphs may branch and loop.</summary>
    public required bool ControlFlow { get; init; }

    /// <summary>Run in the probe and again in the daemon before the release serves.</summary>
    public required ImmutableArray<ManifestSelfTest> SelfTests { get; init; }

    public required ManifestLineage Lineage { get; init; }

    /// <exception cref="TomlException">The text is no TOML 1.0.</exception>
    /// <exception cref="TomlInvalidException">It is, but not a valid manifest: every error at once.</exception>
    public static ModelManifest Parse(ReadOnlySpan<byte> utf8, string file)
    {
        var diagnostics = new TomlDiagnostics(file);
        TomlTable text = TomlReader.Read(utf8, file);
        var root = new TomlSection(text, diagnostics);
        if (!root.Format(1))
        {
            diagnostics.ThrowIfAny();
        }

        const string Needed = "is missing or empty; a model has at least one";
        ImmutableArray<ManifestFile> files = Each(root, "file", MostFiles, ManifestFile.Read, entry => entry.Path, "path", null);
        ImmutableArray<ManifestInput> inputs = Each(root, "input", MostTensors, ManifestInput.Read, input => input.Contract.Name, "name", Needed, input => input.Tensor);
        ImmutableArray<ManifestOutput> outputs =
            Each(root, "output", MostTensors, table => ManifestOutput.Read(table, files), output => output.Contract.Name, "name", Needed, output => output.Tensor);
        ImmutableArray<ManifestMember> members = Each(root, "member", MostMembers, table => ManifestMember.Read(table, files), member => member.Name, "name", Needed);
        var ensemble = ManifestEnsemble.Read(root, members, outputs);
        var manifest = new ModelManifest
        {
            Name = root.RequiredString("name", ModelName.MaxLength, ModelName.Fault),
            Version = root.RequiredString("version", 19, VersionFault),
            Sequence = root.RequiredInteger("sequence", 0, long.MaxValue),
            SecurityFloor = root.RequiredInteger("security_floor", 0, long.MaxValue),
            Created = root.RequiredDateTime("created"),
            Expires = root.OptionalDateTime("expires"),
            Targets = ReleaseTargets.Read(root.Table("targets")),
            Description = root.String("description", "", 1024),
            Files = files,
            Members = members,
            Ensemble = ensemble,
            Inputs = inputs,
            Outputs = outputs,
            Batching = ManifestBatching.Read(root.Table("batching"), inputs, outputs),
            Smoothing = ManifestSmoothing.Read(root.Table("smoothing"), inputs, outputs, ensemble),
            Session = ManifestSession.Read(root.Table("session")),
            ControlFlow = root.Table("inspection")?.Boolean("control_flow", false) ?? false,
            SelfTests = Each(root, "self_test", MostSelfTests, table => ManifestSelfTest.Read(table, files, inputs, outputs), test => test.Name, "name", null),
            Lineage = ManifestLineage.Read(root.Table("lineage")),
        };
        if (manifest.SecurityFloor > manifest.Sequence)
        {
            root.ErrorAt("security_floor", $"is above sequence {manifest.Sequence}: the release would shut itself out");
        }

        root.Finish();
        ManifestPlaceholders.Check(text, diagnostics);
        diagnostics.ThrowIfAny();
        return manifest;
    }

    /// <summary>Holds the content tree against the list: exactly these files and model.toml, each of its stated size.</summary>
    /// <exception cref="ManifestException">Naming every difference.</exception>
    public void CheckFiles(IReadOnlyList<TreeFile> tree)
    {
        var differences = new List<string>();
        bool self = false;
        Dictionary<string, long> listed = Files.ToDictionary(file => file.Path, file => file.Size, StringComparer.Ordinal);
        foreach (TreeFile file in tree)
        {
            if (file.Name == FileName)
            {
                self = true;
                continue;
            }

            if (!listed.Remove(file.Name, out long size))
            {
                differences.Add($"'{Printable.Of(file.Name)}' is not listed");
            }
            else if (size != file.Size)
            {
                differences.Add($"'{Printable.Of(file.Name)}' has {file.Size} bytes, {size} are listed");
            }
        }

        differences.AddRange(listed.Keys.Select(missing => $"'{Printable.Of(missing)}' is listed but missing"));
        if (!self)
        {
            differences.Add($"'{FileName}' itself is missing");
        }

        if (differences.Count > 0)
        {
            throw new ManifestException($"the content differs from {FileName}: {string.Join("; ", differences)}");
        }
    }

    private static ImmutableArray<T> Each<T>(
        TomlSection root, string key, int most, Func<TomlSection, T> read, Func<T, string> name, string nameKey, string? whenNone, Func<T, string>? tensor = null)
    {
        var items = ImmutableArray.CreateBuilder<T>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var tensors = new HashSet<string>(StringComparer.Ordinal);
        foreach (TomlSection table in root.Tables(key, most, whenNone))
        {
            T item = read(table);
            // An empty text stands for a missing one, and that error stands already.
            if (name(item).Length > 0 && !names.Add(name(item)))
            {
                table.ErrorAt(nameKey, $"'{Printable.Of(name(item))}' appears twice in [[{key}]]");
            }
            else if (tensor?.Invoke(item) is { Length: > 0 } graphName && !tensors.Add(graphName))
            {
                // A graph takes and gives each of its tensors once: which of the two would be it?
                table.ErrorAt("tensor", $"'{Printable.Of(graphName)}' appears twice in [[{key}]]");
            }

            items.Add(item);
        }

        return items.ToImmutable();
    }

    private static string? VersionFault(string text) =>
        text.Length > 0 && text.All(char.IsAsciiDigit) && (text.Length == 1 || text[0] != '0') && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? null
            : "must be decimal digits in quotes without leading zeros, like \"1\": clients of the protocol parse it as a number";
}
