using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Models;

/// <summary>A bundle that will not serve; <paramref name="manifest"/> is set only once it was known to be what was signed.</summary>
internal sealed class BundleRefusedException(string reason, ModelManifest? manifest, Exception? cause = null) : Exception(reason, cause)
{
    public ModelManifest? Manifest { get; } = manifest;
}
