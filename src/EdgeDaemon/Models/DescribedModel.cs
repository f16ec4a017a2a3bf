using System.Collections.Immutable;
using System.Globalization;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine;

namespace EdgeDaemon.Models;

/// <summary>A served model as metadata and configuration show it: what is true of it now, in Triton's words where Triton has one.</summary>
/// <param name="Description">For answers that are written anew.</param>
/// <param name="ConfigJson">The same as REST's configuration.</param>
internal sealed record DescribedModel(ModelDescription Description, byte[] ConfigJson)
{
    /// <param name="manifest">The release's word.</param>
    /// <param name="labels">Of its classes; may be empty.</param>
    /// <param name="plan">How it is spread over the cores.</param>
    /// <param name="batching">What shares runs; null: nothing does.</param>
    public static DescribedModel Of(ModelManifest manifest, ImmutableArray<string> labels, LanePlan plan, BatchRule? batching)
    {
        var description = new ModelDescription(
            manifest.Name,
            manifest.Version,
            [.. manifest.Inputs.Select(input => new TensorDescription(input.Contract, Format: Format(input.Image)))],
            [.. manifest.Outputs.Select(output => new TensorDescription(output.Contract, LabelFilename: output.Labels))])
        {
            Instances = plan.Lanes,
            GraphLevel = Level(manifest.Session.Optimisation),
            Batching = batching is null ? null : new DynamicBatching(batching.Preferred, (long)batching.MaxDelay.TotalMicroseconds),
            Parameters = Parameters(manifest, labels, plan, batching),
        };
        return new DescribedModel(description, Document.Of(output => ModelConfigWriter.Write(output, description)));
    }

    // The first five are those of Triton's backend for ONNX; the others say what it has no word for. Members' names are for those who may see votes.
    private static ImmutableArray<KeyValuePair<string, string>> Parameters(ModelManifest manifest, ImmutableArray<string> labels, LanePlan plan, BatchRule? batching)
    {
        ManifestSession session = manifest.Session;
        var all = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        Add("intra_op_thread_count", plan.Threads);
        Add("inter_op_thread_count", 1);
        Add("execution_mode", 0);
        Add("enable_mem_arena", 0);
        Add("enable_mem_pattern", session.MemoryPattern ? 1 : 0);
        Add("deterministic", session.Deterministic ? 1 : 0);
        Add("denormal_as_zero", session.DenormalAsZero ? 1 : 0);
        if (batching is not null)
        {
            Add("max_batch", batching.MaxRows);
        }

        if (manifest.Ensemble is { } ensemble)
        {
            Add("ensemble_members", manifest.Members.Length);
            all.Add(KeyValuePair.Create("ensemble_rule", ensemble.Rule switch { Core.Smoothing.VoteRule.Probabilities => "probabilities", Core.Smoothing.VoteRule.Majority => "majority", _ => "mean" }));
            Add("ensemble_quorum", ensemble.Quorum);
            if (ensemble.Consensus > 0)
            {
                Add("ensemble_consensus", ensemble.Consensus);
            }
        }

        if (!labels.IsEmpty)
        {
            all.Add(KeyValuePair.Create("labels", string.Join('\n', labels)));
        }

        return all.ToImmutable();

        void Add(string name, int value) => all.Add(KeyValuePair.Create(name, value.ToString(CultureInfo.InvariantCulture)));
    }

    private static int Level(GraphOptimisation optimisation) => optimisation switch
    {
        GraphOptimisation.None => 2,
        GraphOptimisation.Basic => -1,
        GraphOptimisation.Extended => 1,
        _ => 0,
    };

    private static string? Format(ImageLayout? image) => image switch
    {
        ImageLayout.Nchw => "FORMAT_NCHW",
        ImageLayout.Nhwc => "FORMAT_NHWC",
        _ => null,
    };
}
