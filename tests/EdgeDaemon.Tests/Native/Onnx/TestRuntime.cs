using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Tests.Native.Onnx;

/// <summary>The pinned library, loaded once for all tests: it allows one environment in a process.</summary>
internal static class TestRuntime
{
    private static readonly Lazy<OnnxRuntime> Loaded = new(() => OnnxRuntime.Load(LibraryPath()!, OnnxLibraryPins.Current, _ => { }));

    /// <summary>The library's path; the test is inconclusive when there is none.</summary>
    public static string Library()
    {
        if (LibraryPath() is not { } path)
        {
            Assert.Inconclusive("skipped: no libonnxruntime.so.1 (set EDGED_ORT, or run ./build.sh deps)");
        }

        return LibraryPath()!;
    }

    public static OnnxRuntime Get()
    {
        Library();
        return Loaded.Value;
    }

    private static string? LibraryPath()
    {
        string path = Environment.GetEnvironmentVariable("EDGED_ORT") is { Length: > 0 } named
            ? Path.GetFullPath(named)
            : Repository.File("artifacts/runtime/libonnxruntime.so.1");
        return File.Exists(path) ? path : null;
    }
}
