using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using EdgeDaemon.Benchmarks.Contenders;
using EdgeDaemon.Benchmarks.Report;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>
/// What smoothing costs over the inference that it is made of: samples a second of one certification after another, and the processor time of a sample, beside the C API running batches of
/// as many rows in a loop. Noise, counting, turns on the lane, the request itself: all of it is the difference. One lane, one caller.
/// </summary>
internal static class Smoothing
{
    // One certification of a large net takes seconds: raw's runs for as long, or a slow moment of the machine is in one of the two alone.
    private const double LongSlice = 4;

    /// <param name="options">How long.</param>
    /// <param name="workload">A classification.</param>
    /// <param name="rows">Of every run.</param>
    /// <param name="selection">Samples of each certification that choose.</param>
    /// <param name="samples">And those that certify.</param>
    /// <param name="most">That the time of a sample may be of raw's.</param>
    /// <param name="scratch">Where everything lies.</param>
    /// <param name="report">Where it is written.</param>
    public static void Measure(Options options, Workload workload, int rows, int selection, int samples, double most, string scratch, ReportFiles report)
    {
        Workload smoothed = workload with { Name = $"{workload.Name}-smoothed" };
        string batch = workload.Content is null ? "" : $"batch = {rows}\n"; // A graph of a fixed number of rows says it itself.
        using ServerProcess edged = EdgedServer.Start(options, smoothed, scratch, EdgedServer.Prepare(
            options, smoothed, scratch, "[engine]\nlanes = 1\nintra_op_threads = 1", manifest: $"\n[smoothing]\nnoise = \"float\"\nsigmas = [0.25]\nselection = {selection}\nmax_samples = 10000\n{batch}"));
        using HttpClient client = Client(edged.Socket);
        Dictionary<string, List<Slice>> slices = Rounds.Run(
            options.Pairs,
            [
                ("raw batches", () => PerSample(LoadClient.Raw(options with { Slice = options.Slice * LongSlice }, workload, 1, Path.Combine(scratch, $"{smoothed.Name}.answer"), rows), rows)),
                ("smoothing", () => Certify(options, client, edged, workload, samples)),
            ],
            (name, pair, slice) => report.Add("smoothing", workload, 1, name, pair, slice));
        double[] Of(string name, Func<Slice, double> value) => [.. slices[name].Select(value)];
        double[] raw = Of("raw batches", slice => 1e6 / slice.Rate), own = Of("smoothing", slice => 1e6 / slice.Rate);
        report.Add(new Finding(
            $"smoothing, {workload.Name}, runs of {rows}", "us a sample", Interval.MedianOf(raw), null, Interval.MedianOf(own), "edged / raw",
            Interval.Of([.. own.Zip(raw, (mine, theirs) => mine / theirs)]), most, AtMost: true));
        double[] cost = Of("raw batches", slice => slice.CpuMicroseconds), spent = Of("smoothing", slice => slice.CpuMicroseconds);
        report.Add(new Finding(
            $"smoothing, {workload.Name}, runs of {rows}, processor time", "us a sample", Interval.MedianOf(cost), null, Interval.MedianOf(spent), "edged / raw",
            Interval.Of([.. spent.Zip(cost, (mine, theirs) => mine / theirs)]), most, AtMost: true));
    }

    private static Slice PerSample(Slice runs, int rows) => runs with { Requests = runs.Requests * rows, CpuMicroseconds = runs.CpuMicroseconds / rows };

    private static Slice Certify(Options options, HttpClient client, ServerProcess edged, Workload workload, int samples)
    {
        using HttpContent request = Request(workload, samples);
        Ask(client, workload, request); // The slice begins warm.
        TimeSpan cpu = ProcessClock.Of(edged.Id);
        long start = Stopwatch.GetTimestamp(), drawn = 0;
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < options.Slice)
        {
            drawn += Ask(client, workload, request);
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        cpu = ProcessClock.Of(edged.Id) - cpu;
        return new Slice(drawn, seconds, cpu.TotalMicroseconds / drawn, 0, 0);
    }

    // Bytes behind a JSON head, as raw's: reading numbers is another subject, and of twenty runs of a large input it would be a percent.
    private static ByteArrayContent Request(Workload workload, int samples)
    {
        float[] elements = new float[workload.Shape.Aggregate(1L, (product, dimension) => product * dimension)];
        for (int i = 0; i < elements.Length; i++)
        {
            elements[i] = (float)i / elements.Length;
        }

        byte[] tensor = MemoryMarshal.AsBytes(elements.AsSpan()).ToArray();
        byte[] head = Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $$$"""{"parameters":{"certify":true,"max_samples":{{{samples}}}},"inputs":[{"name":"{{{workload.Input}}}","datatype":"FP32","shape":[{{{string.Join(',', workload.Shape)}}}],"parameters":{"binary_data_size":{{{tensor.Length}}}}}]}"""));
        var content = new ByteArrayContent([.. head, .. tensor]);
        content.Headers.Add("Inference-Header-Content-Length", head.Length.ToString(CultureInfo.InvariantCulture));
        return content;
    }

    // Samples that counted.
    private static long Ask(HttpClient client, Workload workload, HttpContent request)
    {
        using HttpResponseMessage answer = client.PostAsync($"v2/models/{workload.Model}/infer", request).GetAwaiter().GetResult();
        string text = answer.Content.ReadAsStringAsync().GetAwaiter().GetResult();
        if (!answer.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"edged certified nothing: {text}");
        }

        using JsonDocument document = JsonDocument.Parse(text);
        using JsonDocument list = JsonDocument.Parse(document.RootElement.GetProperty("parameters").GetProperty("samples").GetString()!);
        return list.RootElement[0].GetInt64();
    }

    private static HttpClient Client(string socket) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancel) =>
        {
            var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancel);
            return new NetworkStream(connection, ownsSocket: true);
        },
    })
    {
        BaseAddress = new Uri("http://edged/"),
        Timeout = TimeSpan.FromMinutes(2),
    };
}
