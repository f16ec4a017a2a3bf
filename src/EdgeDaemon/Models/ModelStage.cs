using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Engine;
using EdgeDaemon.Engine.Voting;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Models;

/// <summary>A manifest and its files to sessions and lanes: the same in the daemon and in the child that goes first.</summary>
internal sealed record ModelStage(OnnxRuntime Runtime, TensorBlockPool Pool, Action<IThreadPoolWorkItem> Resume, int Lanes, int IntraOpThreads, int Queue)
{
    /// <summary>Who may help to run several members; null: each request's thread runs all of them.</summary>
    public MemberThreads? Threads { get; init; }

    /// <summary>Is told, with the model's name, of members that fail.</summary>
    public Action<string, MemberFailure> Alarm { get; init; } = (_, _) => { };

    /// <param name="bytes">Of a listed file.</param>
    /// <param name="loadPeak">Bytes that one load took, as the probe saw it; 0: nobody knows.</param>
    /// <exception cref="OnnxContractException">The library refuses a member, or it does not keep the manifest's word.</exception>
    /// <exception cref="OnnxException">The library failed.</exception>
    public ModelEngine Open(ModelManifest manifest, ModelContract contract, Func<string, ReadOnlyMemory<byte>> bytes, long loadPeak = 0) => new(
        Runtime,
        [.. manifest.Members.Select(member => new EngineMember(member.Name, bytes(member.File)))],
        [.. contract.Inputs.Select(input => new EnginePort(input.Contract, input.Tensor, input.GraphType))],
        [.. contract.Outputs.Select(output => new EnginePort(output.Contract, output.Tensor, output.Contract.Type))],
        new OnnxSessionOptions(IntraOpThreads, manifest.DenormalAsZero),
        Lanes,
        Queue,
        Pool,
        Resume,
        loadPeak,
        manifest.Ensemble is { } rules
            ? new Ensemble(
                rules, [.. manifest.Members.Select(member => member.Name)], [.. manifest.Outputs.Select(output => output.Contract)],
                failure => Alarm(manifest.Name, failure), TimeProvider.System)
            : null,
        Threads);
}
