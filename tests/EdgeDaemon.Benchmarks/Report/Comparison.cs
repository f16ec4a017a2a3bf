namespace EdgeDaemon.Benchmarks.Report;

/// <summary>A run's figures held against those of the baseline.</summary>
/// <param name="Held">Figures that are no worse than they were.</param>
/// <param name="Worse">Those that are.</param>
/// <param name="Unknown">Measured, and not in the baseline.</param>
/// <param name="Unmeasured">In the baseline, and not measured.</param>
internal sealed record Comparison(int Held, IReadOnlyList<string> Worse, IReadOnlyList<string> Unknown, IReadOnlyList<string> Unmeasured)
{
    /// <summary>Nothing became worse, and something was compared.</summary>
    public bool Passes => Worse.Count == 0 && Held > 0;
}
