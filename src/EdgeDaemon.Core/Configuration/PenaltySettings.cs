using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Configuration;

/// <summary>When a caller that sends refused requests again and again is left outside for a while.</summary>
public sealed record PenaltySettings
{
    private PenaltySettings()
    {
    }

    /// <summary>So many refusals within the window; 0: never.</summary>
    public required int After { get; init; }

    public required TimeSpan Window { get; init; }

    /// <summary>The first time; each further one is twice as long as the last.</summary>
    public required TimeSpan First { get; init; }

    public required TimeSpan Longest { get; init; }

    internal static PenaltySettings Read(TomlSection? table)
    {
        table ??= new TomlSection(TomlReader.Read(default, "defaults"), new TomlDiagnostics("defaults"));
        var penalty = new PenaltySettings
        {
            After = table.Integer("after", 50, 0, 1_000_000),
            Window = TimeSpan.FromSeconds(table.Integer("window_seconds", 10, 1, 3600)),
            First = TimeSpan.FromSeconds(table.Integer("first_seconds", 5, 1, 86400)),
            Longest = TimeSpan.FromSeconds(table.Integer("longest_seconds", 600, 1, 86400)),
        };
        if (penalty.Longest < penalty.First)
        {
            table.ErrorAt("longest_seconds", $"is shorter than first_seconds {penalty.First.TotalSeconds:0}");
        }

        return penalty;
    }
}
