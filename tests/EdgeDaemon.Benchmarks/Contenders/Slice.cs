using System.Text.Json;

namespace EdgeDaemon.Benchmarks.Contenders;

/// <summary>What one contender did in one slice. CPU is the serving process's, and the client's, in microseconds a request.</summary>
internal sealed record Slice(long Requests, double Seconds, double CpuMicroseconds, double P50Microseconds, double P99Microseconds, long Refused = 0, double ClientCpuMicroseconds = 0)
{
    public double Rate => Requests / Seconds;

    /// <summary>Reads the JSON line of bench-bare raw or bench-load.</summary>
    public static Slice Parse(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        JsonElement root = document.RootElement;
        double cpu = root.TryGetProperty("server_cpu_us_per_request", out JsonElement server)
            ? server.GetDouble()
            : root.GetProperty("cpu_us_per_request").GetDouble();
        return new Slice(
            root.GetProperty("requests").GetInt64(), root.GetProperty("seconds").GetDouble(), cpu,
            root.GetProperty("p50_us").GetDouble(), root.GetProperty("p99_us").GetDouble(),
            root.TryGetProperty("refused", out JsonElement refused) ? refused.GetInt64() : 0,
            root.TryGetProperty("client_cpu_us_per_request", out JsonElement client) ? client.GetDouble() : 0);
    }
}
