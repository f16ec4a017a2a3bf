using System.Globalization;

namespace EdgeDaemon.Benchmarks.Load;

/// <summary>The forms a request can have.</summary>
internal enum RequestMode
{
    /// <summary>POST /infer, tensor bytes both ways: the bare contender.</summary>
    Bare,

    /// <summary>Open Inference Protocol, raw binary request (Inference-Header-Content-Length: 0).</summary>
    OipRaw,

    /// <summary>JSON head, binary tensors both ways.</summary>
    OipBinary,

    /// <summary>JSON both ways.</summary>
    OipJson,

    /// <summary>gRPC's ModelInfer over HTTP/2, raw contents both ways.</summary>
    Grpc,
}

/// <summary>Whether every request has a connection of its own.</summary>
internal enum Fresh
{
    No,

    /// <summary>With a whole handshake.</summary>
    Full,

    /// <summary>With a session of an earlier one.</summary>
    Resumed,
}

internal sealed record Arguments(
    RequestMode Mode, string Socket, string Model, string Input, long[] Shape, string Output, int Connections, double Seconds, double Warmup,
    long Requests, int ServerProcess, string? Expect, string? Certificates = null, Fresh Fresh = Fresh.No, double Rate = 0, bool Tolerant = false, bool Hold = false)
{
    public const string Usage = """
        bench-load --mode bare|oip-raw|oip-binary|oip-json|grpc --socket PATH --shape 1,3,32,32 [--model NAME --input NAME --output NAME]
                   [--connections N] [--seconds T | --requests N] [--warmup T] [--server-pid P] [--expect FILE] [--rate R] [--tolerant yes]
            --certificates FOLDER  mutual TLS with client.pem, client.key and root.pem of the folder; --socket is an address and port
            --fresh full|resumed   a connection for each request, with a whole handshake or a resumed one; OpenSSL's client, and each handshake is asked what it was
            --shape     of the FP32 input; element i of n is i/n
            --rate      requests a second of all connections together, as long as each has its last answer in time; 0: one after the other
            --tolerant  answers 429 and 503, and connections that are cut, are counted apart, not errors
            --hold yes  connections that ask once and stay open until standard input ends; with --rate a flood of connections that never ask, each opened again when it is cut
            --requests  so many in all instead of a time; then everything is measured, start and end too
            --expect    the output's bytes; one answer is compared before the measurement (1e-5 relative or absolute)
        """;

    /// <summary>Elements of the input tensor.</summary>
    public int Elements => checked((int)Shape.Aggregate(1L, (product, dimension) => checked(product * dimension)));

    public ILoadConnection Connect(ClientTls? tls = null) =>
        Mode == RequestMode.Grpc ? new GrpcConnection(Socket) : tls is null ? new HttpConnection(Socket) : new HttpConnection(Socket, tls);

    public static Arguments Parse(ReadOnlySpan<string> words)
    {
        var values = new Dictionary<string, string>();
        for (int at = 0; at < words.Length; at += 2)
        {
            values[words[at]] = at + 1 < words.Length ? words[at + 1] : throw new ArgumentException(Usage);
        }

        string Need(string name) => values.Remove(name, out string? value) ? value : throw new ArgumentException($"{name} is missing\n{Usage}");
        string Text(string name, string otherwise) => values.Remove(name, out string? value) ? value : otherwise;
        double Number(string name, double otherwise) =>
            values.Remove(name, out string? value) ? double.Parse(value, CultureInfo.InvariantCulture) : otherwise;

        RequestMode mode = Need("--mode") switch
        {
            "bare" => RequestMode.Bare,
            "oip-raw" => RequestMode.OipRaw,
            "oip-binary" => RequestMode.OipBinary,
            "oip-json" => RequestMode.OipJson,
            "grpc" => RequestMode.Grpc,
            string other => throw new ArgumentException($"--mode {other} is not known\n{Usage}"),
        };
        long[] shape = [.. Need("--shape").Split(',').Select(word => long.Parse(word, CultureInfo.InvariantCulture))];
        var arguments = new Arguments(
            mode, Need("--socket"), Text("--model", "model"), Text("--input", "x"), shape, Text("--output", "y"),
            (int)Number("--connections", 1), Number("--seconds", 1), Number("--warmup", 0.2), (long)Number("--requests", 0),
            (int)Number("--server-pid", 0), values.Remove("--expect", out string? expect) ? expect : null,
            values.Remove("--certificates", out string? folder) ? folder : null,
            values.Remove("--fresh", out string? fresh) ? fresh == "full" ? Fresh.Full : Fresh.Resumed : Fresh.No,
            Number("--rate", 0), values.Remove("--tolerant", out _), values.Remove("--hold", out _));
        if (arguments.Fresh != Fresh.No && arguments.Certificates is null)
        {
            throw new ArgumentException($"--fresh needs --certificates\n{Usage}");
        }

        return values.Count == 0 ? arguments : throw new ArgumentException($"{values.First().Key} is not known\n{Usage}");
    }
}
