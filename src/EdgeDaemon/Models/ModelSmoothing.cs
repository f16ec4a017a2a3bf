using System.Collections.Immutable;
using System.Globalization;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Smoothing.Boundaries;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Core.Smoothing.Noise;
using EdgeDaemon.Core.Smoothing.Statistics;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Models;

/// <summary>
/// What a model needs to be smoothed, made when it is loaded so that no request waits for it: the noise of each sigma, tested, and a ladder of boundary tables for each sigma and
/// level. What was not made then is not offered: a table takes seconds of a core, which no caller may spend at will.
/// </summary>
internal sealed class ModelSmoothing
{
    private readonly ImmutableArray<RowNoise> _noises; // one for each sigma
    private readonly ImmutableArray<RadiusLadder?> _ladders; // for each sigma, one for each level

    private ModelSmoothing(ModelManifest manifest, ImmutableArray<RowNoise> noises, ImmutableArray<RadiusLadder?> ladders, CertificateEngine engine)
    {
        Rules = manifest.Smoothing!;
        Input = manifest.Inputs[0];
        Gathers = manifest.Ensemble is { Consensus: > 0 } && Rules.Batch > 1;
        _noises = noises;
        _ladders = ladders;
        Engine = engine;
        Elements = 1;
        foreach (long dimension in Input.Contract.Shape.AsSpan()[1..])
        {
            Elements = checked(Elements * (int)dimension);
        }
    }

    public ManifestSmoothing Rules { get; }

    /// <summary>The one input.</summary>
    public ManifestInput Input { get; }

    /// <summary>Rows on which the first members do not agree are gathered for a run of all.</summary>
    public bool Gathers { get; }

    /// <summary>Numbers of one input, which is one row of every run.</summary>
    public int Elements { get; }

    /// <summary>Of a row of the output.</summary>
    public int Classes => Engine.Classes;

    /// <summary>What a sample's last bits depend on besides the model.</summary>
    public CertificateEngine Engine { get; }

    /// <summary>One run's tensor.</summary>
    public TensorShape BatchShape
    {
        get
        {
            TensorShape shape = default;
            shape.TryAdd(Rules.Batch);
            foreach (long dimension in Input.Contract.Shape.AsSpan()[1..])
            {
                shape.TryAdd(dimension);
            }

            return shape;
        }
    }

    /// <summary>The noise and the tables; null for a model that certifies nothing.</summary>
    /// <param name="manifest">Its.</param>
    /// <param name="tables">Where tables are kept.</param>
    /// <param name="library">SHA-256 of the inference library.</param>
    /// <param name="stop">Looked at while tables are made.</param>
    /// <param name="test">What each noise must pass: says what is wrong, or null. Null: <see cref="NoiseSelfTest.Run"/>.</param>
    /// <exception cref="BundleException">The release asks for noise or tables that there are not, or the noise fails its test.</exception>
    /// <exception cref="OperationCanceledException">The daemon is to stop.</exception>
    public static ModelSmoothing? Prepare(ModelManifest manifest, BoundaryStore tables, string library, CancellationToken stop, Func<RowNoise, string?>? test = null)
    {
        if (manifest.Smoothing is not { } rules)
        {
            return null;
        }

        var noises = ImmutableArray.CreateBuilder<RowNoise>();
        var ladders = ImmutableArray.CreateBuilder<RadiusLadder?>();
        float divisor = manifest.Inputs[0].Preprocess is { } preprocess ? (float)preprocess.DivideBy : 1;
        foreach (double sigma in rules.Sigmas)
        {
            try
            {
                var scale = new NoiseScale(sigma, divisor);
                RowNoise noise = rules.Noise == ManifestNoise.Grid ? RowNoise.ForBytes(scale) : RowNoise.ForFloats(scale);
                if ((test ?? NoiseSelfTest.Run)(noise) is { } fault)
                {
                    throw new BundleException(string.Create(CultureInfo.InvariantCulture, $"the noise of sigma {sigma} fails its self-test: {fault}"));
                }

                noises.Add(noise);
                foreach (double alpha in rules.Alphas)
                {
                    ladders.Add(Ladder(rules, sigma, alpha, tables, stop));
                }
            }
            catch (Exception wrong) when (wrong is ArgumentException or BoundaryException)
            {
                throw new BundleException(string.Create(CultureInfo.InvariantCulture, $"{ModelManifest.FileName}: [smoothing] sigma {sigma}: {wrong.Message}"));
            }
        }

        var engine = new CertificateEngine(library, ProcessorKind.Text, rules.Batch, (int)manifest.Outputs[rules.Output].Contract.Shape[1]);
        return new ModelSmoothing(manifest, noises.ToImmutable(), ladders.ToImmutable(), engine);
    }

    /// <summary>The noise of a sigma that the release offers; null of another.</summary>
    public RowNoise? Noise(double sigma) => Rules.Sigmas.IndexOf(sigma) is >= 0 and var index ? _noises[index] : null;

    /// <summary>Tables for radii that the release offers at a sigma, by the largest level that is not above <paramref name="alpha"/>.</summary>
    /// <param name="sigma">One that is offered.</param>
    /// <param name="alpha">Within what is offered.</param>
    /// <param name="radii">Growing; none for all that are offered.</param>
    /// <returns>Null: one of the radii is not offered.</returns>
    public RadiusLadder? Ladder(double sigma, double alpha, ImmutableArray<double> radii)
    {
        int level = Rules.Alphas.Length - 1;
        while (Rules.Alphas[level] > alpha)
        {
            level--;
        }

        RadiusLadder? all = _ladders[(Rules.Sigmas.IndexOf(sigma) * Rules.Alphas.Length) + level];
        if (all is null || radii.IsEmpty)
        {
            return all;
        }

        var tables = new List<BoundaryTable>();
        foreach (double radius in radii)
        {
            if (all.Radii.IndexOf(radius) is not (>= 0 and var index))
            {
                return null;
            }

            tables.Add(all[index]);
        }

        // Of tables that rise with the radius already: nothing is proven anew.
        return tables.Count == all.Count ? all : new RadiusLadder(sigma, radii.AsSpan(), tables);
    }

    private static RadiusLadder? Ladder(ManifestSmoothing rules, double sigma, double alpha, BoundaryStore store, CancellationToken stop)
    {
        var looks = LookSchedule.Every(rules.LookPeriod, rules.MaxSamples);
        var radii = new List<double>();
        var tables = new List<BoundaryTable>();
        foreach (double radius in rules.Radii)
        {
            if (rules.Offers(sigma, radius))
            {
                radii.Add(radius);
                tables.Add(store.Find(new BoundaryParameters(CertifiedRadius.Probability(radius, sigma), alpha, alpha, looks), stop));
            }
        }

        return radii.Count == 0 ? null : new RadiusLadder(sigma, [.. radii], tables, stop);
    }
}
