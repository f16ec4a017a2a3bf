using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Onnx;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Models;

/// <summary>A bundle that is signed as the policy asks and whose graphs passed the walk; its bytes are the ones that were judged.</summary>
internal sealed record ReceivedBundle(VerifiedBundle Verified, ModelInspection Inspection, ContentTree Content) : IDisposable
{
    public ModelManifest Manifest => Verified.Manifest;

    public ReadOnlyMemory<byte> Bytes(string file) => Content.Find(file)!.Bytes;

    public void Dispose() => Content.Dispose();
}
