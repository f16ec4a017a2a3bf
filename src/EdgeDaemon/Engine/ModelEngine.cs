using System.Collections.Immutable;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Engine.Voting;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Engine;

/// <summary>A tensor as callers know it and as the graphs name and type it.</summary>
internal sealed record EnginePort(TensorContract Contract, string Tensor, ElementType GraphType);

/// <summary>A member of a bundle: its name and the graph's bytes.</summary>
internal sealed record EngineMember(string Name, ReadOnlyMemory<byte> Graph);

/// <summary>
/// The sessions of one model, and the lanes that run them. A small model gets a session per lane, since one session serialises
/// its callers; a large one shares a session, since its weights would be held once a lane.
/// </summary>
internal sealed class ModelEngine : IDisposable
{
    private const int SmallModel = 8 << 20;

    // A small file can make much of itself: then once is enough.
    private const long SmallLoad = 64 << 20;

    private readonly List<OnnxSession> _sessions = [];
    private readonly LanePool _lanes;
    private readonly LaneStatistics[] _statistics;
    private readonly VoteStatistics[] _votes;
    private long _failures;
    private long _failedTicks;

    public ModelEngine(
        OnnxRuntime runtime, ImmutableArray<EngineMember> members, ImmutableArray<EnginePort> inputs, ImmutableArray<EnginePort> outputs,
        OnnxSessionOptions options, int lanes, int queue, TensorBlockPool pool, Action<IThreadPoolWorkItem> resume, long loadPeak = 0,
        Ensemble? ensemble = null, MemberThreads? threads = null)
    {
        Ensemble = ensemble;
        var made = new List<Lane>(lanes);
        try
        {
            OnnxSession[] first = [.. members.Select(member => Open(runtime, member, options, inputs, outputs))];
            for (int index = 0; index < lanes; index++)
            {
                var ports = new MemberPort[members.Length];
                for (int m = 0; m < members.Length; m++)
                {
                    bool own = index > 0 && members[m].Graph.Length <= SmallModel && loadPeak <= SmallLoad;
                    OnnxSession session = own ? Open(runtime, members[m], options, inputs, outputs) : first[m];
                    ports[m] = new MemberPort(
                        members[m].Name,
                        session.NewRun(pool),
                        [.. inputs.Select(port => IndexOf(session.Inputs, port.Tensor))],
                        [.. outputs.Select(port => IndexOf(session.Outputs, port.Tensor))]);
                }

                made.Add(new Lane(index, ports, pool, ensemble, threads));
            }

            _lanes = new LanePool([.. made], queue, resume, TimeProvider.System);
            _statistics = [.. made.Select(lane => lane.Statistics)];
            _votes = [.. made.Where(lane => lane.Ensemble is not null).Select(lane => lane.Ensemble!.Count.Statistics)];
            if (ensemble is not null)
            {
                ensemble.HasWaiting = () => _lanes.Waiting > 0;
            }
        }
        catch
        {
            made.ForEach(lane => lane.Dispose());
            _sessions.ForEach(session => session.Dispose());
            throw;
        }
    }

    /// <summary>No lane is free: who comes now waits.</summary>
    public bool IsBusy => _lanes.IsBusy;

    /// <summary>A free lane at once, or false: then <see cref="WaitAsync"/>.</summary>
    public bool TryEnter(out Lane lane) => _lanes.TryTake(out lane);

    /// <summary>The next lane that becomes free when it is the request's turn.</summary>
    public async ValueTask<Lane> WaitAsync(LaneRequest request, CancellationToken cancel)
    {
        try
        {
            return await _lanes.WaitAsync(request, cancel)
                ?? throw new RefusedException(Refusal.AdmissionQueueFull, "as many requests wait for this model as engine.queue allows");
        }
        catch (OperationCanceledException cancelled)
        {
            throw new RefusedException(Refusal.EngineCancelled, "the caller went away while the request waited", cancelled);
        }
    }

    /// <summary>What it has done since it was made.</summary>
    public ModelStatistics Statistics(string name, string version) => LaneStatistics.Sum(
        name, version, _statistics, new StatisticDuration((ulong)Interlocked.Read(ref _failures), LaneStatistics.Nanoseconds(Interlocked.Read(ref _failedTicks))));

    /// <summary>How long one stage of the answered requests took.</summary>
    public LatencySum Latency(RequestStage stage) => LaneStatistics.Latency(_statistics, stage);

    /// <summary>How several members vote, and which of them failed; null for one member.</summary>
    public Ensemble? Ensemble { get; }

    /// <summary>How far the members agreed, over all lanes.</summary>
    public VoteSum Votes => VoteStatistics.Sum(_votes);

    public int Lanes => _statistics.Length;

    public int BusyLanes => _lanes.Busy;

    /// <summary>Requests that wait for a lane.</summary>
    public int Waiting => _lanes.Waiting;

    /// <summary>A request that was let in and got no answer.</summary>
    public void CountFailure(in RequestTimes times)
    {
        Interlocked.Increment(ref _failures);
        Interlocked.Add(ref _failedTicks, times.Total(System.Diagnostics.Stopwatch.GetTimestamp()));
    }

    public void Leave(Lane lane)
    {
        lane.Clear();
        _lanes.Return(lane);
    }

    public void Dispose()
    {
        _lanes.Dispose();
        _sessions.ForEach(session => session.Dispose());
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

    private OnnxSession Open(
        OnnxRuntime runtime, EngineMember member, OnnxSessionOptions options, ImmutableArray<EnginePort> inputs, ImmutableArray<EnginePort> outputs)
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
