namespace EdgeDaemon.Core.Bundles;

/// <summary>A bundle that trust refuses: no signature that counts, the wrong signer, expired. The message is the whole reason.</summary>
public sealed class BundleException(string message) : Exception(message);
