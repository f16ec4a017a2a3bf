using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using EdgeDaemon.Client;
using EdgeDaemon.Client.Inference;

namespace EdgeDaemon.Benchmarks.Client;

/// <summary>The measured part: calls one after the other in each of several tasks, their number and both CPU clocks read at both ends of a window.</summary>
internal static class CallRun
{
    private const float Tolerance = 1e-5f;
    private const int LargestSample = 1 << 18;

    /// <summary>The line of bench-load's: requests, seconds, rate, latency percentiles, CPU a request of the server and of this process.</summary>
    public static async Task<string> MeasureAsync(Arguments arguments)
    {
        // Nothing is tried again: what is measured is one call for one request.
        using var client = new EdgeClient(arguments.Socket, new EdgeClientOptions { Wire = arguments.Wire, Retry = EdgeRetry.None });
        byte[] expected = await File.ReadAllBytesAsync(arguments.Expect);
        Caller[] callers = [.. Enumerable.Range(0, arguments.Calls).Select(_ => new Caller(client, arguments, expected.Length))];
        await callers[0].CheckAsync(expected);

        Task[] running = [.. callers.Select(caller => Task.Run(caller.RunAsync))];
        await Task.Delay(TimeSpan.FromSeconds(arguments.Warmup));
        long requests = callers.Sum(caller => caller.Done);
        TimeSpan server = ProcessClock.Of(arguments.ServerProcess);
        TimeSpan own = ProcessClock.Self();
        long start = Stopwatch.GetTimestamp();
        foreach (Caller caller in callers)
        {
            caller.Measuring = true;
        }

        await Task.WhenAny([Task.Delay(TimeSpan.FromSeconds(arguments.Seconds)), .. running]);
        requests = callers.Sum(caller => caller.Done) - requests;
        server = ProcessClock.Of(arguments.ServerProcess) - server;
        own = ProcessClock.Self() - own;
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        foreach (Caller caller in callers)
        {
            caller.Stopping = true;
        }

        await Task.WhenAll(running);

        double[] sample = [.. callers.SelectMany(caller => caller.Sample).Order().Select(ticks => ticks * 1e6 / Stopwatch.Frequency)];
        double At(double share) => sample.Length == 0 ? 0 : sample[(int)(share * (sample.Length - 1))];
        double each = Math.Max(1, requests);
        return string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"requests":{{requests}},"seconds":{{seconds:F6}},"rate":{{requests / seconds:F1}},"p50_us":{{At(.5):F2}},"p99_us":{{At(.99):F2}},"server_cpu_us_per_request":{{server.TotalMicroseconds / each:F3}},"client_cpu_us_per_request":{{own.TotalMicroseconds / each:F3}}}""");
    }

    /// <summary>One call at a time, always from and into the same buffers.</summary>
    private sealed class Caller
    {
        private readonly EdgeClient _client;
        private readonly byte[] _output;
        private readonly InferenceRequest _request;
        private long _done;
        private bool _stopping;

        public Caller(EdgeClient client, Arguments arguments, int outputBytes)
        {
            var values = new float[arguments.Shape.Aggregate(1L, (product, dimension) => checked(product * dimension))];
            for (int index = 0; index < values.Length; index++)
            {
                values[index] = (float)index / values.Length;
            }

            _client = client;
            _output = new byte[outputBytes];
            _request = new InferenceRequest(arguments.Model, [InputTensor.OfFloats(arguments.Input, arguments.Shape, values)]) { Outputs = [new RequestedOutput(arguments.Output, _output)] };
        }

        public List<long> Sample { get; } = [];

        public long Done => Volatile.Read(ref _done);

        public bool Measuring { get; set; }

        public bool Stopping
        {
            set => Volatile.Write(ref _stopping, value);
        }

        public async Task RunAsync()
        {
            while (!Volatile.Read(ref _stopping))
            {
                long start = Stopwatch.GetTimestamp();
                await _client.InferAsync(_request);
                _done++;
                if (Measuring && Sample.Count < LargestSample)
                {
                    Sample.Add(Stopwatch.GetTimestamp() - start);
                }
            }
        }

        public async Task CheckAsync(byte[] expected)
        {
            await _client.InferAsync(_request);
            ReadOnlySpan<float> own = MemoryMarshal.Cast<byte, float>(_output), right = MemoryMarshal.Cast<byte, float>(expected);
            for (int index = 0; index < right.Length; index++)
            {
                if (!(Math.Abs(own[index] - right[index]) <= Tolerance * Math.Max(1, Math.Abs(right[index]))))
                {
                    throw new InvalidDataException($"value {index} of the answer is {own[index]:R}, raw ONNX Runtime gave {right[index]:R}");
                }
            }
        }
    }
}
