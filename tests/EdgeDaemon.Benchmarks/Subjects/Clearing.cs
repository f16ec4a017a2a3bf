using System.Diagnostics;
using System.Runtime.InteropServices;
using EdgeDaemon.Benchmarks.Report;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>
/// The allocator of ours under a session beside the library's own arena, and what zeroing costs when two tenants ask in turn, run by run: the same model in
/// this process on one thread, rounds interleaved. Zeroing is held against a plain zeroing of as many bytes, in blocks that a run uses, in the same rounds.
/// </summary>
internal static class Clearing
{
    private const double MicrosecondsAtMost = 5;
    private const int ResNetWeights = 100 << 20; // its file is small: the weights are made when it is loaded

    public static void Measure(Options options, OnnxRuntime runtime, ReportFiles report)
    {
        Measure(options, runtime, Workload.Cnn(options), relative: false, report);
        if (File.Exists(options.LightResNet))
        {
            Measure(options, runtime, Workload.LightResNet(options), relative: true, report);
        }
    }

    private static void Measure(Options options, OnnxRuntime runtime, Workload workload, bool relative, ReportFiles report)
    {
        using var pool = new TensorBlockPool(1 << 28);
        using var ours = new Contender(runtime, workload, pool, new OnnxSessionOptions());
        using var arena = new Contender(runtime, workload, pool, new OnnxSessionOptions { OwnMemory = false });
        List<double> own = [], library = [], turns = [], zeroing = [], plain = [];
        long dirty = 0;
        byte[] weights = new byte[relative ? ResNetWeights : 0];
        for (int round = 0; round <= options.Pairs; round++)
        {
            double one = ours.Microseconds(TimeSpan.FromSeconds(options.Slice), tenants: 1), other = arena.Microseconds(TimeSpan.FromSeconds(options.Slice), tenants: 1);
            (long dirtiedBefore, long clearedBefore, long ticksBefore) = runtime.Memory.Statistics();
            double inTurns = ours.Microseconds(TimeSpan.FromSeconds(options.Slice), tenants: 2);
            (long dirtied, long cleared, long ticks) = runtime.Memory.Statistics();
            if (round == 0)
            {
                continue; // Warm-up.
            }

            own.Add(one);
            library.Add(other);
            turns.Add(inTurns - one);
            double each = (double)(cleared - clearedBefore) / ours.Runs;
            dirty = (long)each;
            zeroing.Add((cleared - clearedBefore) / Stopwatch.GetElapsedTime(0, ticks - ticksBefore).TotalSeconds / 1e9);
            plain.Add(Plain((int)Math.Max(each, 1), weights));
        }

        double[] ratio = [.. own.Zip(library, (a, b) => a / b)];
        report.Add(new Finding($"a run in memory of ours, {workload.Name}", "us", Interval.MedianOf([.. library]), null, Interval.MedianOf([.. own]), "ours / the library's arena", Interval.Of(ratio), 1, AtMost: true));

        // Beyond the zeroing of the bytes themselves, at the speed of memory.
        double[] beyond = [.. turns.Zip(plain, (cost, speed) => cost - (dirty / speed / 1e3))];
        double[] part = [.. turns.Zip(own, (cost, run) => cost / run)];
        report.Add(relative
            ? new Finding($"two tenants in turn, {workload.Name}, {dirty} bytes zeroed a run", "us", null, null, Interval.MedianOf([.. turns]), "part of a run", Interval.Of(part), 0.02, AtMost: true)
            : new Finding($"two tenants in turn, {workload.Name}, {dirty} bytes zeroed a run", "us", null, null, Interval.MedianOf([.. turns]), "us beyond plain zeroing", Interval.Of(beyond), MicrosecondsAtMost, AtMost: true));
        report.Add(new Finding(
            $"speed of zeroing, {workload.Name}", "GB/s", Interval.MedianOf([.. plain]), null, Interval.MedianOf([.. zeroing]), "ours / plain", Interval.Of([.. zeroing.Zip(plain, (a, b) => a / b)]), 0.9, AtMost: false));
    }

    // As a run leaves it: memory that was written, and then as many bytes read as a large model has of weights, which push it out of the caches. Native memory is
    // zeroed by the same routine.
    private static double Plain(int bytes, byte[] weights)
    {
        byte[] block = GC.AllocateUninitializedArray<byte>(bytes, pinned: true);
        long ticks = 0, zeroed = 0;
        int times = weights.Length > 1 << 20 ? 10 : 200;
        long sum = 0;
        for (int i = 0; i < times; i++)
        {
            block.AsSpan().Fill((byte)(i | 1));
            foreach (long word in MemoryMarshal.Cast<byte, long>(weights))
            {
                sum += word;
            }

            long start = Stopwatch.GetTimestamp();
            block.AsSpan().Clear();
            ticks += Stopwatch.GetTimestamp() - start;
            zeroed += bytes;
        }

        GC.KeepAlive(sum);
        return zeroed / Stopwatch.GetElapsedTime(0, ticks).TotalSeconds / 1e9;
    }

    /// <summary>One session, run again and again.</summary>
    private sealed class Contender : IDisposable
    {
        private static readonly Account[] Tenants = [new(1), new(2)];

        private readonly OnnxSession _session;
        private readonly OnnxRun _run;
        private readonly TensorBlock _input;
        private readonly TensorShape _shape;

        public Contender(OnnxRuntime runtime, Workload workload, TensorBlockPool pool, OnnxSessionOptions options)
        {
            _session = runtime.CreateSession(File.ReadAllBytes(workload.Graph), options);
            _run = _session.NewRun(pool);
            TensorShape.TryCreate(workload.Shape, out _shape);
            _shape.TryByteCount(ElementType.Float32, out long bytes);
            _input = pool.Rent(bytes, null);
        }

        public long Runs { get; private set; }

        public double Microseconds(TimeSpan time, int tenants)
        {
            Runs = 0;
            long start = Stopwatch.GetTimestamp();
            do
            {
                _run.Account = Tenants[Runs % tenants];
                _run.SetInput(0, _shape, _input, _input.Length);
                _run.Execute();
                _run.Clear();
                Runs++;
            }
            while (Stopwatch.GetElapsedTime(start) < time || Runs < 2);
            return Stopwatch.GetElapsedTime(start).TotalMicroseconds / Runs;
        }

        public void Dispose()
        {
            _input.Return();
            _run.Dispose();
            _session.Dispose();
        }
    }

    private sealed class Account(int number) : TensorAccount
    {
        public override int Holder => number;

        public override bool TryCharge(long bytes) => true;

        public override void Refund(long bytes)
        {
        }

        public override RefusedException Refused(long bytes) => new(Refusal.AdmissionMemory, "never");
    }
}
