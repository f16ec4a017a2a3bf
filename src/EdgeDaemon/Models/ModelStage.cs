using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Engine;
using EdgeDaemon.Engine.Voting;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Models;

/// <summary>A manifest and its files to sessions and lanes: the same in the daemon and in the child that goes first.</summary>
internal sealed record ModelStage(OnnxRuntime Runtime, TensorBlockPool Pool, EngineCare Care, int Queue)
{
    /// <param name="bytes">Of a listed file.</param>
    /// <param name="plan">How it is spread over the cores.</param>
    /// <param name="batching">What may share a run; null: nothing does.</param>
    /// <exception cref="OnnxContractException">The library refuses a member, or it does not keep the manifest's word.</exception>
    /// <exception cref="OnnxException">The library failed.</exception>
    public ModelEngine Open(ModelManifest manifest, ModelContract contract, Func<string, ReadOnlyMemory<byte>> bytes, LanePlan plan, BatchRule? batching = null) => new EngineBuilder(
        Runtime,
        [.. manifest.Members.Select(member => new EngineMember(member.Name, bytes(member.File)))],
        [.. contract.Inputs.Select(input => new EnginePort(input.Contract, input.Tensor, input.GraphType))],
        [.. contract.Outputs.Select(output => new EnginePort(output.Contract, output.Tensor, output.Contract.Type))],
        Options(manifest.Session, plan.Threads),
        Pool).Build(plan.Lanes, Queue, Care with { Model = manifest.Name, Batching = batching, RowsAreCallers = ZeroBatch.IsCallers(contract) }, plan.SessionPerLane, Ensemble(manifest));

    private Ensemble? Ensemble(ModelManifest manifest) => manifest.Ensemble is { } rules
        ? new Ensemble(
            rules, [.. manifest.Members.Select(member => member.Name)], [.. manifest.Outputs.Select(output => output.Contract)],
            failure => Care.Alarm(manifest.Name, failure), TimeProvider.System)
        : null;

    private static OnnxSessionOptions Options(ManifestSession session, int threads) => new(threads, session.DenormalAsZero)
    {
        Optimisation = session.Optimisation switch
        {
            GraphOptimisation.None => OnnxOptimisation.None,
            GraphOptimisation.Basic => OnnxOptimisation.Basic,
            GraphOptimisation.Extended => OnnxOptimisation.Extended,
            _ => OnnxOptimisation.All,
        },
        Deterministic = session.Deterministic,
        MemoryPattern = session.MemoryPattern,
    };
}
