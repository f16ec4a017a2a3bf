using System.Collections.Immutable;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Configuration;

/// <summary>edged.toml as immutable values, every check of it passed. The schema is the README beside this file.</summary>
public sealed record EdgedSettings
{
    public const string DefaultTrustFile = "/etc/edged/trust.toml";
    public const string DefaultStateDirectory = "/var/lib/edged";

    private EdgedSettings()
    {
    }

    /// <summary>Absolute; bundles lie in <c>models/</c> below it.</summary>
    public required string StateDirectory { get; init; }

    public required string TrustFile { get; init; }

    public required RuntimeSettings Runtime { get; init; }

    /// <summary>In the order of the file; at least one.</summary>
    public required ImmutableArray<ListenSettings> Listeners { get; init; }

    /// <summary>In the order of the file; at least one.</summary>
    public required ImmutableArray<TenantSettings> Tenants { get; init; }

    /// <summary>Null: no role needs a token.</summary>
    public required TokenSettings? Token { get; init; }

    public required PenaltySettings Penalty { get; init; }

    public required LimitSettings Limits { get; init; }

    public required EngineSettings Engine { get; init; }

    public required SmoothingSettings Smoothing { get; init; }

    public required MemorySettings Memory { get; init; }

    public required BundleSettings Bundles { get; init; }

    public required ProbeSettings Probe { get; init; }

    public required DeviceSettings Device { get; init; }

    public required AuditSettings Audit { get; init; }

    public required LogSettings Log { get; init; }

    /// <param name="utf8">The text of the file.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <exception cref="TomlException">The text is no TOML 1.0.</exception>
    /// <exception cref="TomlInvalidException">It is, but not a valid configuration: every error at once.</exception>
    public static EdgedSettings Parse(ReadOnlySpan<byte> utf8, string file)
    {
        var diagnostics = new TomlDiagnostics(file);
        var root = new TomlSection(TomlReader.Read(utf8, file), diagnostics);
        if (!root.Format(1))
        {
            diagnostics.ThrowIfAny();
        }

        TomlSection? limits = root.Table("limits"), engine = root.Table("engine");
        string stateDirectory = root.String("state_dir", DefaultStateDirectory, 4096, SettingPaths.CheckAbsolute);
        var settings = new EdgedSettings
        {
            StateDirectory = stateDirectory,
            TrustFile = root.String("trust", DefaultTrustFile, 4096, SettingPaths.CheckAbsolute),
            Runtime = RuntimeSettings.Read(root.Table("runtime")),
            Listeners = ListenSettings.ReadAll(root),
            Tenants = TenantSettings.ReadAll(root),
            Token = TokenSettings.Read(root),
            Penalty = PenaltySettings.Read(root.Table("penalty")),
            Limits = LimitSettings.Read(limits),
            Engine = EngineSettings.Read(engine),
            Smoothing = SmoothingSettings.Read(root.Table("smoothing")),
            Memory = MemorySettings.Read(root.Table("memory")),
            Bundles = BundleSettings.Read(root.Table("bundles")),
            Probe = ProbeSettings.Read(root.Table("probe")),
            Device = DeviceSettings.Read(root.Table("device")),
            Audit = AuditSettings.Read(root.Table("audit"), stateDirectory),
            Log = LogSettings.Read(root.Table("log")),
        };
        SharedPlaces.Check(root, limits, engine, settings);
        root.Finish();
        diagnostics.ThrowIfAny();
        return settings;
    }
}
