using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;
using EdgeDaemon.Benchmarks.Report;
using EdgeDaemon.Core.Bundles.Onnx;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>
/// The walk over an ONNX file of 256 MiB of weights, beside a plain pass over the same bytes: as raw data, which is not looked at, and as packed numbers,
/// each of which is (their count and their encoding are judged). In this process, compiled just in time.
/// </summary>
internal static class ModelWalk
{
    private const int WeightBytes = 256 << 20;
    private const double Gigabyte = 1e9;

    public static void Measure(Options options, ReportFiles report)
    {
        byte[] weights = new byte[WeightBytes];
        var random = new Random(20261121);
        random.NextBytes(weights);
        Row("raw data", Model(Tensor(WeightBytes / sizeof(float), 1, 9, weights)));

        // Small integers as exporters' helpers write them: two bytes for every number from 128 on.
        int count = 0;
        for (int at = 0; at < WeightBytes; count++)
        {
            int value = random.Next(256);
            if (value < 128 || at == WeightBytes - 1)
            {
                weights[at++] = (byte)(value & 127);
            }
            else
            {
                weights[at++] = (byte)value;
                weights[at++] = 1;
            }
        }

        Row("packed numbers", Model(Tensor(count, 2, 5, weights)));

        void Row(string kind, byte[] model)
        {
            List<double> walks = [], passes = [];
            for (int pair = 0; pair < options.Pairs + 1; pair++)
            {
                double pass = Seconds(() => Pass(model));
                double walk = Seconds(() => Walk(model));
                if (pair > 0)
                {
                    passes.Add(pass);
                    walks.Add(walk);
                }
            }

            double Rate(double seconds) => model.Length / Gigabyte / seconds;
            double[] rates = [.. walks.Select(Rate)], plain = [.. passes.Select(Rate)];
            report.Add(new Finding($"walk over a graph, {kind}", "GB/s", Interval.MedianOf(plain), null, Interval.MedianOf(rates), "walk", Interval.Of(rates), 1, AtMost: false));
            report.Add(new Finding(
                $"walk over a graph, {kind}", "GB/s", Interval.MedianOf(plain), null, Interval.MedianOf(rates), "walk / plain pass", Interval.Of([.. rates.Zip(plain, (own, other) => own / other)]), 0.2, AtMost: false));
        }
    }

    private static double Seconds(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static void Walk(byte[] model)
    {
        OnnxReport report = OnnxWalk.Of(model, controlFlow: false);
        if (report.Findings.Length > 0 || report.Summary.Nodes != 1)
        {
            throw new InvalidOperationException($"the walk found {string.Join("; ", report.Findings)}");
        }
    }

    // Every byte read once, nothing done with it that takes time.
    private static void Pass(byte[] model)
    {
        Vector<ulong> all = Vector<ulong>.Zero;
        foreach (Vector<ulong> part in MemoryMarshal.Cast<byte, Vector<ulong>>(model))
        {
            all ^= part;
        }

        if (all == Vector<ulong>.One)
        {
            Console.WriteLine("a coincidence");
        }
    }

    private static byte[] Model(byte[] weight) =>
        [.. Number(1, 8), .. Field(7, [.. Field(1, [.. Field(1, "w"u8), .. Field(2, "y"u8), .. Field(4, "Identity"u8)]), .. Field(5, weight), .. Field(12, Field(1, "y"u8))]), .. Field(8, Number(2, 17))];

    private static byte[] Tensor(long count, int type, int field, byte[] data) => [.. Number(1, count), .. Number(2, type), .. Field(8, "w"u8), .. Field(field, data)];

    private static byte[] Number(int field, long value) => [.. Varint(field << 3), .. Varint(value)];

    private static byte[] Field(int field, ReadOnlySpan<byte> content) => [.. Varint((field << 3) | 2), .. Varint(content.Length), .. content];

    private static byte[] Varint(long value)
    {
        var bytes = new List<byte>();
        for (; value > 127; value >>= 7)
        {
            bytes.Add((byte)(value | 128));
        }

        return [.. bytes, (byte)value];
    }
}
