using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EdgeDaemon.Native.Onnx.Memory;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Native.Onnx;

/// <summary>One loaded ONNX Runtime library and its environment. There is one per process: the library itself insists.</summary>
public sealed unsafe class OnnxRuntime : IDisposable
{
    private const int WarningLevel = 2;

    private static Action<string>? _logSink;

    private OnnxRuntime(OrtApi api, OnnxHandle environment, string digest, SessionMemory memory)
    {
        Memory = memory;
        Api = api;
        Environment = environment;
        Digest = digest;
    }

    /// <summary>For example 1.30.0.</summary>
    public string Version => Api.LibraryVersion;

    /// <summary>The version of the C API in use, 21 or more.</summary>
    public uint ApiVersion => Api.Version;

    /// <summary>SHA-256 of the library file, lower hex.</summary>
    public string Digest { get; }

    /// <summary>What the runs of all sessions take, of one budget.</summary>
    public SessionMemory Memory { get; }

    internal OrtApi Api { get; }

    internal OnnxHandle Environment { get; }

    /// <summary>
    /// Loads the library at an absolute path, if its SHA-256 is <paramref name="expectedSha256"/>, and creates its environment.
    /// Takes about 0.1 s (hash and environment); may be called on any thread, beside other work.
    /// </summary>
    /// <param name="path">Absolute.</param>
    /// <param name="expectedSha256">64 hex digits; <see cref="OnnxLibraryPins.Current"/> unless the operator names another.</param>
    /// <param name="logSink">
    /// Receives the library's warnings and errors, which would otherwise go to standard error. Called on any thread; one for
    /// the process, the last one given.
    /// </param>
    /// <param name="memory">That the runs of its sessions take; null: one without a limit.</param>
    /// <exception cref="OnnxLibraryRefusedException">Missing, unpinned, too old, or no ONNX Runtime at all.</exception>
    public static OnnxRuntime Load(string path, string expectedSha256, Action<string> logSink, SessionMemory? memory = null) =>
        LoadAt(OrtApi.Highest, path, expectedSha256, logSink, memory);

    /// <summary>The same through an older version of the table, as an older library would offer it.</summary>
    internal static OnnxRuntime LoadAt(uint apiVersion, string path, string expectedSha256, Action<string> logSink, SessionMemory? memory = null)
    {
        // Before the library is there: official Linux builds from 1.29 on phone home unless they find this, and they look
        // while the environment is created, which is too early for the call below to keep them from writing their files.
        Environments.Set("ORT_DISABLE_TELEMETRY", "1");
        OnnxRuntime runtime = Start(apiVersion, path, expectedSha256, logSink, memory);
        runtime.Api.Check(runtime.Api.DisableTelemetryEvents(runtime.Environment.Value), "switch telemetry off");
        return runtime;
    }

    /// <summary>The same with telemetry as the library has it, on: the negative control of the test that <see cref="Load"/> keeps it off.</summary>
    internal static OnnxRuntime LoadWithTelemetry(string path, string expectedSha256, Action<string> logSink)
    {
        OnnxRuntime runtime = Start(OrtApi.Highest, path, expectedSha256, logSink, memory: null);
        runtime.Api.Check(runtime.Api.EnableTelemetryEvents(runtime.Environment.Value), "switch telemetry on");
        return runtime;
    }

    /// <summary>The same without an allocator of ours: the control of the test that no session serves whose memory lies elsewhere.</summary>
    internal static OnnxRuntime LoadWithItsOwnMemory(string path, string expectedSha256, Action<string> logSink)
    {
        OnnxRuntime runtime = Start(OrtApi.Highest, path, expectedSha256, logSink, memory: null, allocator: false);
        runtime.Api.Check(runtime.Api.DisableTelemetryEvents(runtime.Environment.Value), "switch telemetry off");
        return runtime;
    }

    /// <summary>Builds a session from a model's bytes, which are not needed afterwards.</summary>
    /// <exception cref="OnnxException">The library refuses the model.</exception>
    /// <exception cref="OnnxContractException">An input or output is no tensor of a type that the protocol knows.</exception>
    public OnnxSession CreateSession(ReadOnlySpan<byte> model, OnnxSessionOptions options) => new(this, model, options);

    /// <summary>Ends the environment when the last session is gone; the library stays in the process.</summary>
    public void Dispose() => Environment.Dispose();

    private static OnnxRuntime Start(uint apiVersion, string path, string expectedSha256, Action<string> logSink, SessionMemory? memory, bool allocator = true)
    {
        nint library = OnnxLibraryFile.Load(path, expectedSha256);
        OrtApi api = OrtApi.Of(library, path, apiVersion);
        _logSink = logSink;
        nint environment;
        fixed (byte* id = "edged\0"u8)
        {
            api.Check(api.CreateEnvWithCustomLogger(&OnLog, null, WarningLevel, id, &environment), "create the inference environment");
        }

        var runtime = new OnnxRuntime(api, new OnnxHandle(api.ReleaseEnv, environment), expectedSha256.ToLowerInvariant(), memory ?? new SessionMemory());
        if (allocator)
        {
            SessionAllocator.Register(api, environment);
        }

        return runtime;
    }

    // Runs on library threads and must not throw into them.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnLog(void* parameter, int severity, byte* category, byte* logId, byte* location, byte* message)
    {
        try
        {
            _logSink?.Invoke(OrtApi.Text(message));
        }
        catch (Exception)
        {
            // A log line lost is better than a process lost.
        }
    }
}
