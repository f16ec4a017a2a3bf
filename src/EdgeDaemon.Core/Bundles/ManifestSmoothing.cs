using System.Collections.Immutable;
using System.Globalization;
using EdgeDaemon.Core.Smoothing.Boundaries;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Bundles;

/// <summary>What kind of noise a release's nets are smoothed with.</summary>
public enum ManifestNoise
{
    /// <summary>Whole steps of an 8-bit input: the sum is exact, so that a certificate holds to the letter.</summary>
    Grid,

    /// <summary>Added to an FP32 input. Rounding leaks low bits of the input into the sum: a statement about real numbers, which the arithmetic keeps only nearly.</summary>
    Float,
}

/// <summary>
/// The releaser's word that the model may be smoothed: with which noise, which radii, and how many samples. Sigmas and radii are in the units of the tensor that
/// receives the noise, which is what the graphs see: after preprocessing.
/// </summary>
/// <param name="Noise">Of which kind.</param>
/// <param name="Output">The place in the manifest of the output that holds the logits.</param>
/// <param name="Sigmas">Standard deviations that may be asked for, growing.</param>
/// <param name="Radii">That may be asked for, growing: their boundary tables are made when the model is loaded.</param>
/// <param name="Alphas">The chances of a wrong answer that may be asked for lie between the first and the last; tables are made for each.</param>
/// <param name="Selection">Samples that choose the class, apart from those that certify it.</param>
/// <param name="Samples">That certify where the request asks for no radius and no number.</param>
/// <param name="MaxSamples">Of one input, at most; a multiple of <paramref name="LookPeriod"/>.</param>
/// <param name="LookPeriod">Samples between two looks at a boundary.</param>
/// <param name="Batch">Rows of every run.</param>
public sealed record ManifestSmoothing(
    ManifestNoise Noise, int Output, ImmutableArray<double> Sigmas, ImmutableArray<double> Radii, ImmutableArray<double> Alphas,
    int Selection, int Samples, int MaxSamples, int LookPeriod, int Batch)
{
    /// <summary>A radius of more sigmas than these is offered at no sample count that a device could pay for.</summary>
    public const double MostSigmas = 4;

    /// <summary>Samples of one input, whatever a release says.</summary>
    public const int MostSamples = 1_000_000;

    private const int MostChoices = 16;
    private const int MostTables = 64;
    private const double LeastAlpha = BoundaryParameters.LeastError;
    private const double MostAlpha = BoundaryParameters.MostError;

    /// <summary>Whether the pair's table is made: what lies beyond a few sigmas cannot be certified.</summary>
    public bool Offers(double sigma, double radius) => Sigmas.Contains(sigma) && Radii.Contains(radius) && radius <= MostSigmas * sigma;

    internal static ManifestSmoothing? Read(TomlSection? table, ImmutableArray<ManifestInput> inputs, ImmutableArray<ManifestOutput> outputs, ManifestEnsemble? ensemble)
    {
        if (table is null)
        {
            return null;
        }

        ManifestNoise noise = table.RequiredChoice("noise", ("grid", ManifestNoise.Grid), ("float", ManifestNoise.Float));
        ImmutableArray<double> sigmas = Growing(table, "sigmas", 1e-6, 1e6) ?? [];
        ImmutableArray<double> radii = Growing(table, "radii", 1e-9, 1e6) ?? [];
        ImmutableArray<double> alphas = Growing(table, "alphas", LeastAlpha, MostAlpha) ?? [0.001];
        if (sigmas.IsEmpty)
        {
            table.ErrorAt("sigmas", "is missing or empty; say which noise the nets were trained for, like sigmas = [0.25]");
        }

        foreach (double radius in radii.Where(radius => !sigmas.IsEmpty && radius > MostSigmas * sigmas[^1]))
        {
            table.ErrorAt("radii", string.Create(CultureInfo.InvariantCulture, $"has {radius}, more than {MostSigmas} times every sigma: no number of samples would certify it"));
        }

        int tables = sigmas.Sum(sigma => radii.Count(radius => radius <= MostSigmas * sigma)) * alphas.Length;
        if (tables > MostTables)
        {
            table.ErrorAt("radii", $"makes {tables} tables with the sigmas and alphas, more than the {MostTables} allowed");
        }

        int look = table.Integer("look_period", 100, 10, 10_000);
        int most = table.Integer("max_samples", 10_000, 100, MostSamples);
        if (most % look != 0)
        {
            table.ErrorAt("max_samples", $"is no multiple of look_period {look}");
        }

        int samples = table.Integer("samples", Math.Min(1000, most), 10, MostSamples);
        if (samples > most)
        {
            table.ErrorAt("samples", $"is above max_samples {most}");
        }

        int output = Logits(table, inputs, outputs, ensemble);
        CheckInput(table, noise, inputs);
        return new ManifestSmoothing(
            noise, output, sigmas, radii, alphas, table.Integer("selection", 100, 1, 100_000), samples, most, look, Rows(table, inputs));
    }

    private static ImmutableArray<double>? Growing(TomlSection table, string key, double min, double max)
    {
        ImmutableArray<double>? values = table.OptionalFloats(key, MostChoices, min, max);
        for (int i = 1; values is { } all && i < all.Length; i++)
        {
            if (all[i] <= all[i - 1])
            {
                table.ErrorAt(key, "must grow from one to the next");
                break;
            }
        }

        if (values is { IsEmpty: true } && key == "alphas")
        {
            table.ErrorAt(key, "must not be empty");
        }

        return values;
    }

    // A graph that takes so many rows and no other number says it itself.
    private static int Rows(TomlSection table, ImmutableArray<ManifestInput> inputs)
    {
        int rows = inputs is [{ Contract.Shape: [> 0 and var @fixed, ..] }] ? (int)Math.Min(@fixed, ManifestBatching.MostRows) : -1;
        int batch = table.Integer("batch", rows > 0 ? rows : 100, 1, ManifestBatching.MostRows);
        if (rows > 0 && batch != rows)
        {
            table.ErrorAt("batch", $"is not {rows}, which is the first dimension of the input");
        }

        return batch;
    }

    private static int Logits(TomlSection table, ImmutableArray<ManifestInput> inputs, ImmutableArray<ManifestOutput> outputs, ManifestEnsemble? ensemble)
    {
        int logits = ensemble is { Output: >= 0 } votes ? votes.Output : outputs.Length == 1 ? 0 : -1;
        if (table.OptionalString("output", 256, text => outputs.Any(output => output.Contract.Name == text) ? null : "names no output of the model") is { } name)
        {
            for (int i = 0; i < outputs.Length; i++)
            {
                logits = outputs[i].Contract.Name == name ? i : logits;
            }

            if (ensemble is { Output: >= 0 } && logits != ensemble.Output)
            {
                table.ErrorAt("output", "is not the output that the members vote on; a class is chosen there");
            }
        }
        else if (logits < 0 && !outputs.IsEmpty)
        {
            table.Error($"there are {outputs.Length} outputs; say which one holds a class's logits: output = \"NAME\"");
        }

        // A regression has no class: nothing that a vote over noisy samples could be about.
        if (logits >= 0 && (outputs[logits].Contract.Type != ElementType.Float32 || outputs[logits].Contract.Shape is not [var first, >= 2] || (inputs is [{ Contract.Shape: [var rows, ..] }] && first != rows)))
        {
            TensorContract contract = outputs[logits].Contract;
            table.Error(
                $"output '{Printable.Of(contract.Name)}' is {contract.Type.WireName()} [{string.Join(',', contract.Shape)}]; smoothing is about classes: FP32, a row for each of the input, of two classes or more. Leave [smoothing] out for a regression");
        }

        return Math.Max(0, logits);
    }

    private static void CheckInput(TomlSection table, ManifestNoise noise, ImmutableArray<ManifestInput> inputs)
    {
        if (inputs is not [{ } input])
        {
            table.Error($"there are {inputs.Length} inputs; smoothing is about one");
            return;
        }

        TensorContract contract = input.Contract;
        if (contract.Shape is not [-1 or > 0, _, ..] || contract.Shape[1..].Contains(-1))
        {
            // Rows of a run are samples of the same input: [smoothing] is, as [batching], the word that rows have nothing to do with each other.
            table.Error($"input '{Printable.Of(contract.Name)}' has shape [{string.Join(',', contract.Shape)}]; smoothing needs the samples of a run first, and all other dimensions fixed");
        }

        if (noise == ManifestNoise.Grid && (contract.Type != ElementType.UInt8 || input.Preprocess is null))
        {
            table.ErrorAt("noise", $"is \"grid\", which is for an UINT8 input that preprocess turns into FP32; '{Printable.Of(contract.Name)}' is {contract.Type.WireName()}{(input.Preprocess is null ? " without preprocess" : "")}");
        }

        if (noise == ManifestNoise.Float && contract.Type != ElementType.Float32)
        {
            table.ErrorAt("noise", $"is \"float\", which is for an FP32 input; '{Printable.Of(contract.Name)}' is {contract.Type.WireName()}. An UINT8 input with preprocess takes \"grid\"");
        }

        if (input.Preprocess is { DivideBy: <= 0 })
        {
            table.Error($"input '{Printable.Of(contract.Name)}' is divided by less than 0; the radius in its units needs divide_by above 0");
        }

        if (input.AllowNonFinite)
        {
            table.Error($"input '{Printable.Of(contract.Name)}' has allow_non_finite = true: there is no radius around infinity");
        }
    }
}
