using System.Globalization;

namespace EdgeDaemon.Client.Inference;

/// <summary>
/// Ask not for a model's outputs but for its smoothed class and a certified radius, of every input of the request: <see cref="CertifiedInput.Each"/> reads the answer, which has no outputs.
/// Sigmas and radii are in the units of the tensor that receives the noise, as model.toml has them.
/// </summary>
public sealed record Certification
{
    /// <summary>Null: the model's only one.</summary>
    public double? Sigma { get; init; }

    /// <summary>Growing. Empty, and not <see cref="EveryRadius"/>: as large a radius as a fixed number of samples shows.</summary>
    public IReadOnlyList<double> Radii { get; init; } = [];

    /// <summary>Every radius that the model offers at its sigma, instead of <see cref="Radii"/>.</summary>
    public bool EveryRadius { get; init; }

    /// <summary>Null: the model's first.</summary>
    public double? Alpha { get; init; }

    /// <summary>Of each input; null: the model's.</summary>
    public int? MaxSamples { get; init; }

    /// <summary>What was decided by then is answered; null: as long as the request has.</summary>
    public TimeSpan? TimeBudget { get; init; }

    /// <summary>The answer is to have the robustness certificates.</summary>
    public bool Certificate { get; init; }

    /// <summary>And they the seed of the noise, for those who may know it.</summary>
    public bool RevealSeed { get; init; }

    /// <summary>As both wires write them. Numbers go as texts: gRPC has no parameter that is a fraction.</summary>
    internal IEnumerable<KeyValuePair<string, string>> Texts()
    {
        if (Sigma is { } sigma)
        {
            yield return new("sigma", Text(sigma));
        }

        if (EveryRadius || Radii.Count > 0)
        {
            yield return new("radii", EveryRadius ? "all" : string.Join(',', Radii.Select(Text)));
        }

        if (Alpha is { } alpha)
        {
            yield return new("alpha", Text(alpha));
        }

        if (MaxSamples is { } samples)
        {
            yield return new("max_samples", samples.ToString(CultureInfo.InvariantCulture));
        }

        if (TimeBudget is { } time)
        {
            yield return new("time_budget_ms", ((long)time.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));
        }
    }

    internal IEnumerable<string> Flags()
    {
        yield return "certify";
        if (Certificate)
        {
            yield return "certificate";
        }

        if (RevealSeed)
        {
            yield return "reveal_seed";
        }
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
