using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using EdgeDaemon.Benchmarks.Json;
using EdgeDaemon.Benchmarks.Report;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;

// bench-json [ROUNDS] [COUNT] [NAME]: the house's JSON numbers beside System.Text.Json, one thread, interleaved rounds, medians.
int rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 31;
int count = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 3072;
var output = new ArrayBufferWriter<byte>(count * 32);
using var json = new Utf8JsonWriter(output, new JsonWriterOptions { SkipValidation = true });
var writer = new InferResponseWriter();
var model = new ModelHead("m", "1");
Console.WriteLine("| numbers | direction | ours ns | ours MB/s | System.Text.Json ns | ratio [95%] |\n|---|---|---|---|---|---|");
foreach (NumberSet set in NumberSet.All(count).Where(set => args.Length < 3 || set.Name.Contains(args[2])))
{
    byte[] tensor = new byte[set.Count * set.Type.Size()];
    byte[] theirs = new byte[tensor.Length];
    TensorShape.TryCreate(set.Row == set.Count ? [set.Count] : [set.Count / set.Row, set.Row], out TensorShape shape);
    Row(set, "read", set.Text.Length, () => JsonTensorReader.Read(set.Text, set.Type, shape, tensor), () => Framework.Read(set.Text, set.Type, theirs));
    if (set.Type != ElementType.BFloat16 && !tensor.AsSpan().SequenceEqual(theirs))
    {
        Console.Error.WriteLine($"{set.Name}: the two disagree");
        return 1;
    }

    var head = new OutputHead("y", set.Type);
    void Ours()
    {
        output.ResetWrittenCount();
        writer.Begin(output, model, default, false);
        writer.JsonOutput(head, shape, tensor);
        writer.End();
    }

    Ours();
    Row(set, "write", output.WrittenCount, Ours, () => Framework.Write(json, output, set.Type, tensor));
}

return 0;

void Row(NumberSet set, string direction, int bytes, Action ours, Action theirs)
{
    var mine = new double[rounds];
    var other = new double[rounds];
    for (int round = -1; round < rounds; round++)
    {
        double a = Time(ours);
        double b = Time(theirs);
        if (round >= 0)
        {
            (mine[round], other[round]) = (a, b);
        }
    }

    double median = Interval.MedianOf(mine);
    Interval ratio = Interval.Of([.. other.Zip(mine, (b, a) => b / a)]);
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"| {set.Name} | {direction} | {median:F1} | {bytes / (median * count) * 1000:F0} | {Interval.MedianOf(other):F1} | {ratio.Median:F2} [{ratio.Low:F2}, {ratio.High:F2}] |"));
}

// Nanoseconds a number: repeated for two milliseconds at least.
double Time(Action work)
{
    int repeats = 0;
    long start = Stopwatch.GetTimestamp();
    do
    {
        work();
        repeats++;
    }
    while (Stopwatch.GetElapsedTime(start).TotalMilliseconds < 2);
    return Stopwatch.GetElapsedTime(start).TotalNanoseconds / repeats / count;
}
