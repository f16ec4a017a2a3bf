using System.Globalization;

namespace EdgeDaemon.Benchmarks.Bare;

/// <summary>What is the same for both verbs, and the rest as the verbs need it.</summary>
internal sealed record Arguments(
    string Library, string Model, string? Socket, int Lanes, bool Hash, bool Echo, int Callers, double Seconds, double Warmup, int Batch, string? Answer, int TlsPort, string? Certificates)
{
    public const string Usage = """
        bench-bare serve --library FILE --model FILE --socket PATH [--lanes N] [--hash] [--echo]
            POST /infer on a Unix socket; prints "ready". --hash: SHA-256 of the library first, as edged does. --echo: no inference.
            --tls PORT --certificates FOLDER: mutual TLS on 127.0.0.1 instead, with server.pem, server.key and root.pem of the folder.
        bench-bare raw --library FILE --model FILE --callers N --seconds T [--warmup T] [--batch N] [--answer FILE]
            the C API alone, a session for each caller; prints one JSON line. --answer: write the output's bytes there.
        """;

    public static Arguments Parse(ReadOnlySpan<string> words)
    {
        var values = new Dictionary<string, string>();
        for (int at = 0; at < words.Length; at++)
        {
            values[words[at]] = words[at] is "--hash" or "--echo" ? "" : ++at < words.Length ? words[at] : throw new ArgumentException(Usage);
        }

        string Need(string name) => values.TryGetValue(name, out string? value) ? value : throw new ArgumentException($"{name} is missing\n{Usage}");
        double Number(string name, double otherwise) =>
            values.TryGetValue(name, out string? value) ? double.Parse(value, CultureInfo.InvariantCulture) : otherwise;

        return new Arguments(
            Need("--library"), Need("--model"), values.GetValueOrDefault("--socket"),
            (int)Number("--lanes", Environment.ProcessorCount), values.ContainsKey("--hash"), values.ContainsKey("--echo"),
            (int)Number("--callers", 1), Number("--seconds", 1), Number("--warmup", 0.2), (int)Number("--batch", 1),
            values.GetValueOrDefault("--answer"), (int)Number("--tls", 0), values.GetValueOrDefault("--certificates"));
    }
}
