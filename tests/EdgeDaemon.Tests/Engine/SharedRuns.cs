using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Tests.Admission;
using EdgeDaemon.Tests.Native.Onnx;

namespace EdgeDaemon.Tests.Engine;

/// <summary>
/// A pool over a real session, all on one thread: time goes on when a test says so, and whoever was resumed goes on when a test pumps. What a run was over is
/// read from the lane's whole output, not from what the pool says of it.
/// </summary>
internal sealed class SharedRuns : IDisposable
{
    /// <summary>So many entries has the table of <see cref="Lookup"/>.</summary>
    public const int Entries = 1000;

    private readonly OnnxSession _session;
    private readonly Queue<IThreadPoolWorkItem> _next = new();
    private readonly Lane[] _lanes;

    public SharedRuns(BatchRule? rule, int lanes = 1, byte[]? graph = null, int queue = 10_000)
    {
        _session = TestRuntime.Get().CreateSession(graph ?? Lookup(), new OnnxSessionOptions());
        _lanes = [.. Enumerable.Range(0, lanes).Select(index => new Lane(index, [new MemberPort("m", _session.NewRun(TestRuntime.Pool), [0], [0])], TestRuntime.Pool))];
        Pool = new LanePool(_lanes, queue, _next.Enqueue, Clock, rule, rowsAreCallers: true);
    }

    public TestClock Clock { get; } = new();

    public LanePool Pool { get; }

    /// <summary>What each run answered, whole.</summary>
    public List<float[]> Runs { get; } = [];

    /// <summary>That a run of so many requests takes, on the clock.</summary>
    public Func<int, TimeSpan> Takes { get; set; } = _ => TimeSpan.Zero;

    /// <summary>The tenant that the pool is told; another than the asker's is the control.</summary>
    public Func<int, int> Told { get; set; } = tenant => tenant;

    public ModelStatistics Statistics => LaneStatistics.Sum("m", "1", [.. _lanes.Select(lane => lane.Statistics)], default);

    /// <summary>y = table[x] for x of [N,M], an entry each; what is beyond the table fails the run.</summary>
    public static byte[] Lookup() => Graph.Model(Graph.Of(
        [Graph.Node("Gather", ["table", "x"], ["y"])],
        [Graph.Port("x", Graph.Int64, "N", "M")],
        [Graph.Port("y", Graph.Float, "N", "M")],
        Graph.Constant("table", Graph.Float, [Entries], Running.Floats([.. Enumerable.Range(0, Entries).Select(Entry)]))));

    public static float Entry(int index) => (index * 1.25f) - 7;

    /// <summary>Everything is a quarter of the time when together, so that it is always worth it.</summary>
    public static BatchRule Rule(int maxRows, int[]? preferred = null, TimeSpan delay = default, List<string>? said = null, params (int, double)[] measured) => new(
        maxRows, [.. preferred ?? []], delay, measured.Length > 0 ? [.. measured] : [.. new[] { 2, 4, 8, 16, 32, 64 }.Select(rows => (rows, 0.25))], why => said?.Add(why));

    /// <summary>The lane, which the test gives back when enough wait.</summary>
    public LaneTurn TakeLane()
    {
        Assert.IsTrue(Pool.TryTake(out Lane lane));
        return new LaneTurn(lane);
    }

    public void GiveBack(LaneTurn turn)
    {
        Pool.Leave(turn);
        Pump();
    }

    /// <summary>Whoever was resumed goes on, and whoever that resumes.</summary>
    public void Pump()
    {
        while (_next.TryDequeue(out IThreadPoolWorkItem? work))
        {
            work.Execute();
        }
    }

    /// <summary>As a request's line does it. What it gets are its own rows.</summary>
    public async Task<float[]> AskAsync(int tenant, long[] entries, int width = 1, int priority = RequestPriority.Default, long deadline = long.MaxValue, Action? begun = null, CancellationToken cancel = default)
    {
        TensorBlock block = Running.Block([.. entries.SelectMany(BitConverter.GetBytes)]);
        try
        {
            EngineInput[] inputs = [new(Running.Shape(entries.Length / width, width), block, entries.Length * sizeof(long))];
            var times = RequestTimes.Begin();
            times.TensorsReady();
            LaneTurn turn = Pool.TryTake(out Lane free)
                ? new LaneTurn(free)
                : await Pool.WaitAsync(new LaneWaiter(), new LaneRequest(Told(tenant), 1, priority, inputs[0].Bytes, deadline, inputs), cancel);
            Assert.IsFalse(turn.IsNone);
            times.LaneEntered();
            try
            {
                begun?.Invoke();
                RunAnswer answer = await turn.RunAsync(inputs, null, deadline, default);
                times.Run(answer);
                if (answer.FirstRow == 0)
                {
                    Runs.Add(Running.Floats(turn.Lane.OutputData(0)));
                    Clock.AdvanceSilently(Takes(answer.RunRows));
                }

                CollectionAssert.AreEqual(new long[] { entries.Length / width, width }, answer.OutputShape(0).Span.ToArray());
                float[] data = Running.Floats(answer.OutputData(0));
                turn.Lane.Statistics.CountAnswer(times, answer.RunRows);
                return data;
            }
            finally
            {
                Pool.Leave(turn);
            }
        }
        finally
        {
            block.Return();
        }
    }

    public void Dispose()
    {
        Pool.Dispose();
        _session.Dispose();
    }
}
