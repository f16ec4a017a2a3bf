using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using EdgeDaemon.Native.Posix;
using Microsoft.Win32.SafeHandles;

namespace EdgeDaemon.Native.Onnx;

/// <summary>One loaded ONNX Runtime library and its environment. There is one per process: the library itself insists.</summary>
public sealed unsafe class OnnxRuntime : IDisposable
{
    private const int WarningLevel = 2;

    private static Action<string>? _logSink;

    private readonly OnnxHandle _environment;

    private OnnxRuntime(OrtApi api, OnnxHandle environment, string digest)
    {
        Api = api;
        _environment = environment;
        Digest = digest;
    }

    /// <summary>For example 1.30.0.</summary>
    public string Version => Api.LibraryVersion;

    public uint ApiVersion => Api.Version;

    /// <summary>SHA-256 of the library file, lower hex.</summary>
    public string Digest { get; }

    internal OrtApi Api { get; }

    internal nint Environment => _environment.Value;

    /// <summary>
    /// Loads the library at an absolute path, if its SHA-256 is <paramref name="expectedSha256"/>. Telemetry is switched off
    /// in the native environment first: the library reads it while it loads (official Linux builds from 1.29 phone home).
    /// </summary>
    /// <param name="logSink">Receives the library's own warnings, which would otherwise go to standard error.</param>
    /// <exception cref="OnnxLibraryRefusedException">Missing, unpinned, too old, or no ONNX Runtime at all.</exception>
    public static OnnxRuntime Load(string path, string expectedSha256, Action<string> logSink, bool telemetry = false)
    {
        if (!Path.IsPathFullyQualified(path))
        {
            throw new OnnxLibraryRefusedException($"runtime.library '{path}' is not an absolute path: a search path could find another library.");
        }

        if (!telemetry)
        {
            Environments.Set("ORT_DISABLE_TELEMETRY", "1");
        }

        nint library = LoadChecked(path, expectedSha256);
        OrtApi api = OrtApi.Of(library, path);
        _logSink = logSink;

        nint environment;
        fixed (byte* id = "edged\0"u8)
        {
            api.Check(
                ((delegate* unmanaged[Cdecl]<delegate* unmanaged[Cdecl]<void*, int, byte*, byte*, byte*, byte*, void>, void*, int, byte*, nint*, void*>)
                    api[OrtSlots.CreateEnvWithCustomLogger])(&OnLog, null, WarningLevel, id, &environment),
                "create the inference environment");
        }

        var handle = new OnnxHandle(api, OrtSlots.ReleaseEnv, environment);
        int telemetrySlot = telemetry ? OrtSlots.EnableTelemetryEvents : OrtSlots.DisableTelemetryEvents;
        api.Check(((delegate* unmanaged[Cdecl]<nint, void*>)api[telemetrySlot])(environment), "set telemetry");
        return new OnnxRuntime(api, handle, expectedSha256.ToLowerInvariant());
    }

    /// <summary>Builds a session from a model's bytes, which are not needed afterwards.</summary>
    /// <exception cref="OnnxException">The library refuses the model.</exception>
    /// <exception cref="OnnxContractException">An input or output is no tensor of a type that the protocol knows.</exception>
    public OnnxSession CreateSession(ReadOnlySpan<byte> model, OnnxSessionOptions options) => new(this, model, options);

    public void Dispose() => _environment.Dispose();

    // What was hashed must be what is loaded. The file is opened once; the loader gets that same open file by its
    // descriptor's name, so a path swapped in between changes nothing. Writing into the open file itself needs the
    // owner's rights, with which the daemon could be replaced as well.
    private static nint LoadChecked(string path, string expectedSha256)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(path);
            string found = Sha256Of(file);
            if (!found.Equals(expectedSha256, StringComparison.OrdinalIgnoreCase))
            {
                throw new OnnxLibraryRefusedException(
                    $"{path} has SHA-256 {found}, but {expectedSha256.ToLowerInvariant()} is pinned. Install the pinned library, or name this one in edged.toml with runtime.sha256 after you have checked where it comes from.");
            }

            return NativeLibrary.Load($"/proc/self/fd/{file.DangerousGetHandle()}");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new OnnxLibraryRefusedException($"runtime.library {path} cannot be read: {failure.Message}", failure);
        }
        catch (DllNotFoundException failure)
        {
            throw new OnnxLibraryRefusedException($"{path} cannot be loaded as a shared library: {failure.Message}", failure);
        }
    }

    private static string Sha256Of(SafeFileHandle file)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = GC.AllocateUninitializedArray<byte>(256 * 1024);
        for (long offset = 0; ;)
        {
            int read = RandomAccess.Read(file, buffer, offset);
            if (read == 0)
            {
                return Convert.ToHexStringLower(hash.GetHashAndReset());
            }

            hash.AppendData(buffer, 0, read);
            offset += read;
        }
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
