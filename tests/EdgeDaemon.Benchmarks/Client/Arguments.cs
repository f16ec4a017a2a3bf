using System.Collections.Immutable;
using System.Globalization;
using EdgeDaemon.Client;

namespace EdgeDaemon.Benchmarks.Client;

/// <param name="Wire">REST or gRPC.</param>
/// <param name="Socket">The daemon's.</param>
/// <param name="Model">Asked.</param>
/// <param name="Input">Its FP32 input; element i of n is i/n.</param>
/// <param name="Shape">Of the input.</param>
/// <param name="Output">Asked for.</param>
/// <param name="Calls">At a time.</param>
/// <param name="Seconds">Measured.</param>
/// <param name="Warmup">Seconds before.</param>
/// <param name="ServerProcess">Whose CPU is told, too.</param>
/// <param name="Expect">File with the output's bytes, compared once before the measurement.</param>
internal sealed record Arguments(
    EdgeWire Wire, string Socket, string Model, string Input, ImmutableArray<long> Shape, string Output, int Calls, double Seconds, double Warmup, int ServerProcess, string Expect)
{
    private const string Usage = """
        bench-client --wire rest|grpc --socket PATH --model NAME --input NAME --shape 1,16 --output NAME
                     --calls N --seconds T --warmup T --server-pid P --expect FILE
        """;

    public static Arguments Parse(string[] words)
    {
        Dictionary<string, string> values = words.Chunk(2).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1]);
        string Need(string name) => values.Remove(name, out string? value) ? value : throw new ArgumentException($"{name} is missing\n{Usage}");
        double Number(string name) => double.Parse(Need(name), CultureInfo.InvariantCulture);
        var arguments = new Arguments(
            Need("--wire") == "grpc" ? EdgeWire.Grpc : EdgeWire.Rest, Need("--socket"), Need("--model"), Need("--input"),
            [.. Need("--shape").Split(',').Select(word => long.Parse(word, CultureInfo.InvariantCulture))], Need("--output"),
            (int)Number("--calls"), Number("--seconds"), Number("--warmup"), (int)Number("--server-pid"), Need("--expect"));
        return values.Count == 0 ? arguments : throw new ArgumentException($"{values.First().Key} is not known\n{Usage}");
    }
}
