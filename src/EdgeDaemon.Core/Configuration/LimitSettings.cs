using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Configuration;

/// <summary>Bounds on what callers can make the daemon hold or wait for.</summary>
public sealed record LimitSettings
{
    private LimitSettings()
    {
    }

    /// <summary>Open connections on all listeners.</summary>
    public required int MaxConnections { get; init; }

    /// <summary>Of them, those that are kept, where a listener speaks TLS, for callers who have yet to prove who they are: a quarter, and never none.</summary>
    public int UnprovenConnections => Math.Max(1, MaxConnections / 4);

    /// <summary>Open connections from one network address.</summary>
    public required int MaxSourceConnections { get; init; }

    /// <summary>TLS handshakes that run at once, on all listeners.</summary>
    public required int MaxHandshakes { get; init; }

    /// <summary>TLS handshakes that one network address may begin; ten times as many at once after a pause.</summary>
    public required int SourceHandshakesPerSecond { get; init; }

    /// <summary>From a connection's first byte to the end of its TLS handshake.</summary>
    public required TimeSpan HandshakeTimeout { get; init; }

    /// <summary>Bytes of one request body.</summary>
    public required long MaxBodyBytes { get; init; }

    /// <summary>Bytes of the JSON head before binary tensors.</summary>
    public required int MaxHeadBytes { get; init; }

    /// <summary>Nested arrays and objects.</summary>
    public required int MaxJsonDepth { get; init; }

    /// <summary>Inputs, and separately requested outputs, of one request.</summary>
    public required int MaxTensors { get; init; }

    /// <summary>From the first byte of a request to the end of its HTTP headers.</summary>
    public required TimeSpan HeadTimeout { get; init; }

    /// <summary>A body, from when it is first waited for to its end.</summary>
    public required TimeSpan BodyTimeout { get; init; }

    /// <summary>A request, from its head to its answer; a caller's own deadline can only be earlier.</summary>
    public required TimeSpan RequestTimeout { get; init; }

    /// <summary>A connection without a request.</summary>
    public required TimeSpan IdleTimeout { get; init; }

    /// <summary>Slowest body that is waited for, after two seconds of grace.</summary>
    public required int MinBodyBytesPerSecond { get; init; }

    /// <summary>Tensor memory of all requests in flight together.</summary>
    public required long MaxTensorBytes { get; init; }

    /// <summary>Bytes of one answer.</summary>
    public required long MaxResponseBytes { get; init; }

    public static LimitSettings Default { get; } = Read(new TomlSection(TomlReader.Read(default, "defaults"), new TomlDiagnostics("defaults")));

    internal static LimitSettings Read(TomlSection? table)
    {
        if (table is null)
        {
            return Default;
        }

        var limits = new LimitSettings
        {
            MaxConnections = table.Integer("max_connections", 1024, 1, 1_000_000),
            MaxSourceConnections = table.Integer("max_source_connections", 256, 1, 1_000_000),
            MaxHandshakes = table.Integer("max_handshakes", 64, 1, 100_000),
            SourceHandshakesPerSecond = table.Integer("source_handshakes_per_second", 20, 1, 1_000_000),
            HandshakeTimeout = Seconds(table, "handshake_timeout_seconds", 10),
            MaxBodyBytes = table.Integer("max_body_bytes", 64L << 20, 1024, int.MaxValue),
            MaxHeadBytes = table.Integer("max_head_bytes", 1 << 20, 1024, int.MaxValue),
            MaxJsonDepth = table.Integer("max_json_depth", 32, 8, 64),
            MaxTensors = table.Integer("max_tensors", 64, 1, 1024),
            HeadTimeout = Seconds(table, "head_timeout_seconds", 10),
            BodyTimeout = Seconds(table, "body_timeout_seconds", 30),
            RequestTimeout = Seconds(table, "request_timeout_seconds", 60),
            IdleTimeout = Seconds(table, "idle_timeout_seconds", 120),
            MinBodyBytesPerSecond = table.Integer("min_body_bytes_per_second", 1024, 1, 1 << 30),
            MaxTensorBytes = table.Integer("max_tensor_bytes", 256L << 20, 1 << 20, 1L << 40),
            MaxResponseBytes = table.Integer("max_response_bytes", 256L << 20, 1024, int.MaxValue),
        };
        if (limits.MaxTensorBytes < limits.MaxBodyBytes)
        {
            // Such a body could be sent but never held: the mistake should show here, not as a refusal at midnight.
            table.ErrorAt("max_tensor_bytes", $"is {limits.MaxTensorBytes}, less than max_body_bytes {limits.MaxBodyBytes}: a body of that size could never be held");
        }

        return limits;
    }

    private static TimeSpan Seconds(TomlSection table, string key, int fallback) => TimeSpan.FromSeconds(table.Integer(key, fallback, 1, 3600));
}
