namespace EdgeDaemon.Client.Control;

/// <summary><c>GET /control/status</c>. <paramref name="Framework"/>: what the daemon was built with. Uptime in seconds.</summary>
public sealed record DaemonStatus(
    string Version, string Framework, RuntimeStatus Runtime, double UptimeSeconds, int ModelsReady, int ModelsRefused);

/// <summary>The ONNX Runtime library that the daemon loaded: its own version, its SHA-256 (hex) and where it lies.</summary>
public sealed record RuntimeStatus(string Version, string Sha256, string Path);
