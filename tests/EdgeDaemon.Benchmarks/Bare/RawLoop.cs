using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace EdgeDaemon.Benchmarks.Bare;

/// <summary>
/// The floor: callers on threads of their own, each with its own session and its own input and output made once.
/// The input's element i of n is i/n, so that every contender computes the same answer.
/// </summary>
internal sealed unsafe class RawLoop(Model model, Arguments arguments)
{
    private const int LargestSample = 1 << 20;

    private readonly Caller[] _callers = new Caller[arguments.Callers];
    private volatile bool _measuring;
    private volatile bool _stop;

    /// <summary>One JSON object: requests, seconds, process CPU seconds, latency percentiles in microseconds.</summary>
    public string Measure()
    {
        var threads = new Thread[_callers.Length];
        for (int index = 0; index < threads.Length; index++)
        {
            var caller = new Caller();
            nint session = index == 0 ? model.FirstSession : model.Ort.CreateSession(model.Bytes);
            _callers[index] = caller;
            threads[index] = new Thread(() => Loop(caller, session, first: caller == _callers[0]));
        }

        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        Thread.Sleep(TimeSpan.FromSeconds(arguments.Warmup));
        long requests = Total();
        TimeSpan cpu = ProcessClock.Self();
        long start = Stopwatch.GetTimestamp();
        _measuring = true;
        Thread.Sleep(TimeSpan.FromSeconds(arguments.Seconds));
        requests = Total() - requests;
        cpu = ProcessClock.Self() - cpu;
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        _stop = true;
        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        double[] sample = [.. _callers.SelectMany(caller => caller.Sample.Take(caller.Sampled)).Select(ticks => ticks * 1e6 / Stopwatch.Frequency)];
        Array.Sort(sample);
        double At(double share) => sample.Length == 0 ? 0 : sample[(int)(share * (sample.Length - 1))];
        return string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"requests":{{requests}},"seconds":{{seconds:F6}},"cpu_seconds":{{cpu.TotalSeconds:F6}},"cpu_us_per_request":{{cpu.TotalMicroseconds / Math.Max(1, requests):F3}},"p50_us":{{At(.5):F2}},"p99_us":{{At(.99):F2}}}""");
    }

    private long Total() => _callers.Sum(caller => Volatile.Read(ref caller.Done));

    private void Loop(Caller caller, nint session, bool first)
    {
        int batch = arguments.Batch;
        nuint inputBytes = (nuint)(batch * model.InputItemBytes);
        nuint outputBytes = (nuint)(batch * model.OutputItemBytes);
        var input = (float*)NativeMemory.AlignedAlloc(inputBytes, 64);
        void* output = NativeMemory.AlignedAlloc(outputBytes, 64);
        int elements = (int)(inputBytes / sizeof(float));
        for (int index = 0; index < elements; index++)
        {
            input[index] = (float)index / elements;
        }

        nint x = model.Ort.CreateValue(input, inputBytes, model.InputShape(batch));
        nint y = model.Ort.CreateValue(output, outputBytes, model.OutputShape(batch));
        while (!_stop)
        {
            long start = Stopwatch.GetTimestamp();
            model.Ort.Run(session, model.InputName, x, model.OutputName, y);
            long elapsed = Stopwatch.GetTimestamp() - start;
            caller.Done++;
            if (_measuring && caller.Sampled < LargestSample)
            {
                caller.Sample[caller.Sampled++] = elapsed;
            }
        }

        if (first && arguments.Answer is string file)
        {
            File.WriteAllBytes(file, new ReadOnlySpan<byte>(output, (int)outputBytes).ToArray());
        }
    }

    private sealed class Caller
    {
        public readonly long[] Sample = new long[LargestSample];
        public int Sampled;
        public long Done;
    }
}
