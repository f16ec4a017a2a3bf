using System.Collections.Concurrent;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Tests.Native.Onnx;

/// <summary>The one ONNX Runtime of the test process; tests that need it are inconclusive where the library is not there.</summary>
internal static class TestRuntime
{
    public static ConcurrentQueue<string> Messages { get; } = new();

    private static readonly Lazy<OnnxRuntime> Loaded = new(() => OnnxRuntime.Load(Library(), OnnxLibraryPins.Current, text => Messages.Enqueue(text)));

    public static TensorBlockPool Pool { get; } = new(1L << 30);

    public static OnnxRuntime Get()
    {
        Library();
        return Loaded.Value;
    }

    /// <summary>EDGED_ORT, or where './build.sh deps' puts it.</summary>
    public static string Library()
    {
        string? named = Environment.GetEnvironmentVariable("EDGED_ORT");
        string path = string.IsNullOrEmpty(named) ? Path.Combine(Conformance.ProjectRoot(), "artifacts", "runtime", "libonnxruntime.so.1") : Path.GetFullPath(named);
        if (!File.Exists(path))
        {
            Assert.Inconclusive($"skipped: no ONNX Runtime at {path} ('./build.sh deps' fetches it, EDGED_ORT names another)");
        }

        return path;
    }
}
