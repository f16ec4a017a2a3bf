namespace EdgeDaemon.Core.Bundles;

/// <summary>A content tree that is not what its model.toml lists; the message names every difference.</summary>
public sealed class ManifestException(string message) : Exception(message);
