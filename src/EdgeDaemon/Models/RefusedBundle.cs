namespace EdgeDaemon.Models;

/// <summary>A bundle folder that does not serve, and why; <paramref name="Name"/> is null when not even the manifest could be trusted.</summary>
internal sealed record RefusedBundle(string Folder, string? Name, string? Version, string Reason);
