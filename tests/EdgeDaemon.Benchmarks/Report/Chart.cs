namespace EdgeDaemon.Benchmarks.Report;

/// <summary>Bars side by side: one contender each, its median with its interval.</summary>
internal sealed record Chart(string Title, string Unit, IReadOnlyList<(string Name, Interval Value)> Bars);
