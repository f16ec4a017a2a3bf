using System.Diagnostics;
using EdgeDaemon.Benchmarks.Contenders;
using EdgeDaemon.Benchmarks.Load;
using EdgeDaemon.Benchmarks.Report;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Engine;
using EdgeDaemon.Native.Onnx;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>
/// What lanes, queue, watch and statistics add to a run, beside what the wire adds: the engine in this process on one thread, once with a lane that is always free and
/// once with eight callers of two tenants of whom seven always wait, less the bare run; and edged with 8 clients less raw. Process CPU, in the same rounds.
/// This process is compiled just in time, edged ahead of time.
/// </summary>
internal static class SchedulerCost
{
    private const int Clients = 8;
    private const double AtMost = 0.10;

    public static void Measure(Options options, OnnxRuntime runtime, Workload workload, string scratch, ReportFiles report)
    {
        string answer = Path.Combine(scratch, $"{workload.Name}.answer");
        using ServerProcess edged = EdgedServer.Start(options, workload, scratch, EdgedServer.Prepare(options, workload, scratch));
        using var pool = new TensorBlockPool(1 << 28);
        using var rig = new Rig(runtime, workload, pool);
        LoadClient.Raw(options, workload, 1, answer);
        TimeSpan time = TimeSpan.FromSeconds(options.Slice);
        List<double> free = [], queued = [], wires = [], partFree = [], partQueued = [];
        for (int pair = -1; pair < options.Pairs; pair++)
        {
            Slice raw = LoadClient.Raw(options, workload, Clients, answer), served = LoadClient.Served(options, workload, edged, RequestMode.OipRaw, Clients, answer);
            double bare = rig.Bare(time), one = rig.Free(time) - bare, many = rig.Queued(time, Clients) - bare;
            if (pair < 0)
            {
                continue; // Warm-up.
            }

            report.Add("scheduler", workload, Clients, "raw", pair, raw);
            report.Add("scheduler", workload, Clients, "edged", pair, served);
            double added = served.CpuMicroseconds - raw.CpuMicroseconds;
            free.Add(one);
            queued.Add(many);
            wires.Add(added - many);
            partFree.Add(one / (added - one));
            partQueued.Add(many / (added - many));
        }

        report.Add(new Finding(
            $"scheduler's CPU a request, {workload.Name}, a lane is free", "us", null, Interval.MedianOf([.. wires]), Interval.MedianOf([.. free]), "scheduler / wire", Interval.Of([.. partFree]), AtMost, AtMost: true));
        report.Add(new Finding(
            $"scheduler's CPU a request, {workload.Name}, seven wait", "us", null, Interval.MedianOf([.. wires]), Interval.MedianOf([.. queued]), "scheduler / wire", Interval.Of([.. partQueued]), AtMost, AtMost: true));
    }

    /// <summary>One lane of an engine, and a run of the same session beside it.</summary>
    private sealed class Rig : IDisposable
    {
        private readonly LaneWatch _watch = new(TimeSpan.FromSeconds(60), TimeProvider.System, NullLogger.Instance);
        private readonly Queue<IThreadPoolWorkItem> _soon = [];
        private readonly ModelEngine _engine;
        private readonly OnnxSession _session;
        private readonly OnnxRun _run;
        private readonly EngineInput[] _inputs;
        private long _left;
        private long _served;

        public Rig(OnnxRuntime runtime, Workload workload, TensorBlockPool pool)
        {
            byte[] graph = File.ReadAllBytes(workload.Graph);
            _session = runtime.CreateSession(graph, new OnnxSessionOptions());
            _run = _session.NewRun(pool);
            TensorShape.TryCreate(workload.Shape, out TensorShape shape);
            shape.TryByteCount(ElementType.Float32, out long bytes);
            TensorBlock block = pool.Rent(bytes, null);
            block.GetSpan().Clear();
            _inputs = [new EngineInput(shape, block, bytes)];
            EnginePort Port(string name, long[] dimensions) => new(new TensorContract(name, ElementType.Float32, [.. dimensions]), name, ElementType.Float32);
            _engine = new EngineBuilder(runtime, [new EngineMember("m", graph)], [Port(workload.Input, workload.Shape)], [Port(workload.Output, workload.OutputShape)], new OnnxSessionOptions(), pool)
                .Build(1, Clients, new EngineCare(_soon.Enqueue, _watch), sessionPerLane: true);
            _watch.Start();
        }

        public double Bare(TimeSpan time) => Each(time, () =>
        {
            _run.SetInput(0, _inputs[0].Shape, _inputs[0].Block, _inputs[0].Bytes);
            _run.Execute();
            _ = _run.OutputData(0)[0];
            _run.Clear();
        });

        public double Free(TimeSpan time) => Each(time, () =>
        {
            _engine.TryEnter(out Lane lane);
            Serve(new LaneTurn(lane), Deadline());
        });

        public double Queued(TimeSpan time, int callers)
        {
            _engine.TryEnter(out Lane busy);
            Task[] all = [.. Enumerable.Range(0, callers).Select(caller => CallAsync(caller % 2))];
            _left = long.MaxValue;
            _served = 0;
            _engine.Leave(busy);
            long start = Stopwatch.GetTimestamp();
            TimeSpan before = ProcessClock.Self();
            while (_soon.TryDequeue(out IThreadPoolWorkItem? work))
            {
                work.Execute();
                if (_left == long.MaxValue && Stopwatch.GetElapsedTime(start) > time)
                {
                    _left = 0; // Each ends at its next turn.
                }
            }

            double each = (ProcessClock.Self() - before).TotalMicroseconds / _served;
            Task.WaitAll(all);
            return each;
        }

        public void Dispose()
        {
            _engine.Dispose();
            _run.Dispose();
            _session.Dispose();
            _watch.Dispose();
            _inputs[0].Block.Return();
        }

        private static double Each(TimeSpan time, Action once)
        {
            long start = Stopwatch.GetTimestamp(), count = 0;
            TimeSpan before = ProcessClock.Self();
            do
            {
                once();
                count++;
            }
            while (Stopwatch.GetElapsedTime(start) < time);
            return (ProcessClock.Self() - before).TotalMicroseconds / count;
        }

        // Never inline in another's turn: each waits until what runs now has ended, as callers on connections of their own do.
        private async Task CallAsync(int tenant)
        {
            var waiter = new LaneWaiter();
            do
            {
                LaneTurn turn = await _engine.WaitAsync(waiter, new LaneRequest(tenant, 1, RequestPriority.Default, _inputs[0].Bytes, Deadline(), _inputs), default);
                Serve(turn, Deadline());
            }
            while (_left > 0);
        }

        // As the pipeline does it: the answer is there at once, since the run is short or nobody else could run meanwhile.
        private void Serve(LaneTurn turn, long deadline)
        {
            var times = RequestTimes.Begin();
            times.TensorsReady();
            times.LaneEntered();
            ValueTask<RunAnswer> running = turn.RunAsync(_inputs, null, deadline, new RunPlace(MayRunLong: false, _soon.Enqueue, () => { }));
            while (!running.IsCompleted)
            {
                _soon.Dequeue().Execute();
            }

            RunAnswer answer = running.GetAwaiter().GetResult();
            times.Run(answer);
            _ = answer.OutputData(0)[0];
            turn.Lane.Statistics.CountAnswer(times, answer.RunRows);
            _engine.Leave(turn);
            _served++;
        }

        private static long Deadline() => Stopwatch.GetTimestamp() + (60 * Stopwatch.Frequency);
    }
}
