using System.Runtime.InteropServices;

namespace EdgeDaemon.Native.Onnx;

/// <summary>
/// SHA-256 of the ONNX Runtime library this release was tested with, per platform: npm package onnxruntime-node 1.30.0
/// (packaging/runtime). build.sh reads the digests from here.
/// </summary>
public static class OnnxLibraryPins
{
    private static readonly Dictionary<string, string> ByPlatform = new()
    {
        ["linux-x64"] =
            "ffb75a925ba05e47b235bb66e3e3911714a80b328a9c9425539feb204aa32a23",
        ["linux-arm64"] =
            "1f549d46250b005580b597f4164984aaf75b3bcb9f3aeb07c7f8a8fe60b23c76",
    };

    /// <summary>The pinned digest of the platform this process runs on.</summary>
    public static string Current => ByPlatform[RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "linux-arm64" : "linux-x64"];
}
