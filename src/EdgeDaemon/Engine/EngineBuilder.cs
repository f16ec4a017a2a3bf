using System.Collections.Immutable;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Engine.Voting;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Engine;

/// <summary>A tensor as callers know it and as the graphs name and type it.</summary>
internal sealed record EnginePort(TensorContract Contract, string Tensor, ElementType GraphType);

/// <summary>A member of a bundle: its name and the graph's bytes.</summary>
internal sealed record EngineMember(string Name, ReadOnlyMemory<byte> Graph);

/// <summary>
/// Graphs to sessions and lanes.
/// </summary>
internal sealed class EngineBuilder(
    OnnxRuntime runtime, ImmutableArray<EngineMember> members, ImmutableArray<EnginePort> inputs, ImmutableArray<EnginePort> outputs,
    OnnxSessionOptions options, TensorBlockPool pool)
{
    private readonly List<OnnxSession> _sessions = [];

    /// <param name="lanes">So many runs at once.</param>
    /// <param name="queue">So many requests may wait for one.</param>
    /// <param name="care">What the engine needs beside its lanes.</param>
    /// <param name="sessionPerLane">Each lane has sessions of its own: one session serialises its callers. Else all share, and the weights are held once.</param>
    /// <param name="ensemble">How several members vote; null for one.</param>
    /// <exception cref="OnnxContractException">The library refuses a member, or it does not keep the manifest's word.</exception>
    public ModelEngine Build(int lanes, int queue, EngineCare care, bool sessionPerLane, Ensemble? ensemble = null)
    {
        var made = ImmutableArray.CreateBuilder<Lane>(lanes);
        try
        {
            OnnxSession[] first = [.. members.Select(Open)];
            for (int index = 0; index < lanes; index++)
            {
                var ports = new MemberPort[members.Length];
                for (int m = 0; m < members.Length; m++)
                {
                    OnnxSession session = sessionPerLane && index > 0 ? Open(members[m]) : first[m];
                    ports[m] = new MemberPort(
                        members[m].Name,
                        session.NewRun(pool),
                        [.. inputs.Select(port => IndexOf(session.Inputs, port.Tensor))],
                        [.. outputs.Select(port => IndexOf(session.Outputs, port.Tensor))]);
                }

                made.Add(new Lane(index, ports, pool, ensemble, care.Threads));
            }

            return new ModelEngine([.. _sessions], made.ToImmutable(), queue, care, ensemble);
        }
        catch
        {
            foreach (Lane lane in made)
            {
                lane.Dispose();
            }

            _sessions.ForEach(session => session.Dispose());
            throw;
        }
    }

    private static int IndexOf(ImmutableArray<OnnxTensorInfo> tensors, string name)
    {
        for (int i = 0; i < tensors.Length; i++)
        {
            if (tensors[i].Name == name)
            {
                return i;
            }
        }

        return -1;
    }

    private OnnxSession Open(EngineMember member)
    {
        OnnxSession session;
        try
        {
            session = runtime.CreateSession(member.Graph.Span, options);
        }
        catch (Exception reason) when (reason is OnnxException or OnnxContractException)
        {
            throw new OnnxContractException($"member '{member.Name}': {reason.Message}");
        }

        _sessions.Add(session);
        Compare(member.Name, "input", session.Inputs, inputs);
        if (session.Inputs.Length != inputs.Length)
        {
            throw new OnnxContractException($"member '{member.Name}' has {session.Inputs.Length} inputs, model.toml declares {inputs.Length}");
        }

        Compare(member.Name, "output", session.Outputs, outputs);
        return session;
    }

    // A graph that does not keep the manifest's word is refused at load, not request by request.
    private static void Compare(string member, string kind, ImmutableArray<OnnxTensorInfo> graph, ImmutableArray<EnginePort> ports)
    {
        foreach (EnginePort port in ports)
        {
            int index = IndexOf(graph, port.Tensor);
            if (index < 0)
            {
                throw new OnnxContractException(
                    $"member '{member}' has no {kind} '{port.Tensor}' (it has {string.Join(", ", graph.Select(tensor => $"'{tensor.Name}'"))})");
            }

            OnnxTensorInfo tensor = graph[index];
            if (tensor.Type != port.GraphType)
            {
                throw new OnnxContractException(
                    $"member '{member}': {kind} '{port.Tensor}' is {tensor.Type.WireName()}, model.toml makes it {port.GraphType.WireName()}");
            }

            bool agrees = !tensor.RankKnown || tensor.Shape.Length == port.Contract.Shape.Length;
            for (int i = 0; agrees && i < tensor.Shape.Length; i++)
            {
                // The contract may fix what the graph leaves open, not the other way round (for inputs; an output may be left open).
                agrees = tensor.Shape[i] < 0 || tensor.Shape[i] == port.Contract.Shape[i] || (kind == "output" && port.Contract.Shape[i] < 0);
            }

            if (!agrees)
            {
                throw new OnnxContractException(
                    $"member '{member}': {kind} '{port.Tensor}' has shape [{string.Join(',', tensor.Shape)}], model.toml declares [{string.Join(',', port.Contract.Shape)}]");
            }
        }
    }
}
