using System.Runtime.InteropServices;

namespace EdgeDaemon.Native.Onnx;

/// <summary>
/// The C API of one loaded library as typed function pointers, and the one place where a status becomes an exception. No
/// delegate is made and no code is generated at run time. Handles are <see cref="nint"/>, a status is <c>void*</c>, null for
/// success; names are the header's.
/// </summary>
internal sealed unsafe class OrtApi
{
    /// <summary>The version this binding was written against; an older library is asked for its own, down to <see cref="Lowest"/>.</summary>
    public const uint Highest = 30;

    /// <summary>Debian 13's library; everything that is indispensable here exists from this version on.</summary>
    public const uint Lowest = 21;

    public readonly delegate* unmanaged[Cdecl]<
        delegate* unmanaged[Cdecl]<void*, int, byte*, byte*, byte*, byte*, void>, void*, int, byte*, nint*, void*> CreateEnvWithCustomLogger;

    public readonly delegate* unmanaged[Cdecl]<nint, void*> EnableTelemetryEvents;
    public readonly delegate* unmanaged[Cdecl]<nint, void*> DisableTelemetryEvents;

    public readonly delegate* unmanaged[Cdecl]<nint*, void*> CreateSessionOptions;
    public readonly delegate* unmanaged[Cdecl]<nint, int, void*> SetSessionExecutionMode;
    public readonly delegate* unmanaged[Cdecl]<nint, void*> EnableMemPattern;
    public readonly delegate* unmanaged[Cdecl]<nint, void*> DisableMemPattern;
    public readonly delegate* unmanaged[Cdecl]<nint, int, void*> SetSessionGraphOptimizationLevel;
    public readonly delegate* unmanaged[Cdecl]<nint, int, void*> SetIntraOpNumThreads;
    public readonly delegate* unmanaged[Cdecl]<nint, int, void*> SetInterOpNumThreads;
    public readonly delegate* unmanaged[Cdecl]<nint, byte, void*> SetDeterministicCompute;
    public readonly delegate* unmanaged[Cdecl]<nint, byte*, byte*, void*> AddSessionConfigEntry;

    public readonly delegate* unmanaged[Cdecl]<nint, byte*, nuint, nint, nint*, void*> CreateSessionFromArray;
    public readonly delegate* unmanaged[Cdecl]<nint, nuint*, void*> SessionGetInputCount;
    public readonly delegate* unmanaged[Cdecl]<nint, nuint*, void*> SessionGetOutputCount;
    public readonly delegate* unmanaged[Cdecl]<nint, nuint, nint, byte**, void*> SessionGetInputName;
    public readonly delegate* unmanaged[Cdecl]<nint, nuint, nint, byte**, void*> SessionGetOutputName;
    public readonly delegate* unmanaged[Cdecl]<nint, nuint, nint*, void*> SessionGetInputTypeInfo;
    public readonly delegate* unmanaged[Cdecl]<nint, nuint, nint*, void*> SessionGetOutputTypeInfo;

    public readonly delegate* unmanaged[Cdecl]<nint, int*, void*> GetOnnxTypeFromTypeInfo;
    public readonly delegate* unmanaged[Cdecl]<nint, nint*, void*> CastTypeInfoToTensorInfo;
    public readonly delegate* unmanaged[Cdecl]<nint, int*, void*> GetTensorElementType;
    public readonly delegate* unmanaged[Cdecl]<nint, nuint*, void*> GetDimensionsCount;
    public readonly delegate* unmanaged[Cdecl]<nint, long*, nuint, void*> GetDimensions;
    public readonly delegate* unmanaged[Cdecl]<nint, byte**, nuint, void*> GetSymbolicDimensions;

    /// <summary>Null before version 24.</summary>
    public readonly delegate* unmanaged[Cdecl]<nint, byte> TensorTypeAndShapeHasShape;

    public readonly delegate* unmanaged[Cdecl]<nint, nint, byte**, nint*, nuint, byte**, nuint, nint*, void*> Run;
    public readonly delegate* unmanaged[Cdecl]<nint*, void*> CreateRunOptions;
    public readonly delegate* unmanaged[Cdecl]<nint, int, void*> RunOptionsSetRunLogSeverityLevel;
    public readonly delegate* unmanaged[Cdecl]<nint, void*> RunOptionsSetTerminate;
    public readonly delegate* unmanaged[Cdecl]<nint, void*> RunOptionsUnsetTerminate;

    public readonly delegate* unmanaged[Cdecl]<nint, long*, nuint, int, nint*, void*> CreateTensorAsOrtValue;
    public readonly delegate* unmanaged[Cdecl]<nint, void*, nuint, long*, nuint, int, nint*, void*> CreateTensorWithDataAsOrtValue;
    public readonly delegate* unmanaged[Cdecl]<nint, nint*, void*> GetTensorTypeAndShape;
    public readonly delegate* unmanaged[Cdecl]<nint, nuint*, void*> GetStringTensorDataLength;
    public readonly delegate* unmanaged[Cdecl]<nint, byte*, nuint, nuint*, nuint, void*> GetStringTensorContent;
    public readonly delegate* unmanaged[Cdecl]<nint, nuint, nuint*, void*> GetStringTensorElementLength;
    public readonly delegate* unmanaged[Cdecl]<nint, nuint, nuint, byte**, void*> GetResizedStringTensorElementBuffer;

    // The next two only read fields of the value: the collector need not be told that the thread is away.
    public readonly delegate* unmanaged[Cdecl, SuppressGCTransition]<nint, void**, void*> GetTensorMutableData;

    /// <summary>Null before version 24.</summary>
    public readonly delegate* unmanaged[Cdecl, SuppressGCTransition]<nint, int*, long**, nuint*, void*> GetTensorElementTypeAndShapeDataReference;

    public readonly delegate* unmanaged[Cdecl]<byte*, int, int, int, nint*, void*> CreateMemoryInfo;
    public readonly delegate* unmanaged[Cdecl]<int, int, nint*, void*> CreateCpuMemoryInfo;
    public readonly delegate* unmanaged[Cdecl]<nint, nint, void*> RegisterAllocator;
    public readonly delegate* unmanaged[Cdecl]<nint*, void*> GetAllocatorWithDefaultOptions;
    public readonly delegate* unmanaged[Cdecl]<nint, void*, void*> AllocatorFree;

    // Every release function takes its handle, accepts null and answers nothing.
    public readonly delegate* unmanaged[Cdecl]<nint, void> ReleaseEnv;
    public readonly delegate* unmanaged[Cdecl]<nint, void> ReleaseMemoryInfo;
    public readonly delegate* unmanaged[Cdecl]<nint, void> ReleaseSession;
    public readonly delegate* unmanaged[Cdecl]<nint, void> ReleaseSessionOptions;
    public readonly delegate* unmanaged[Cdecl]<nint, void> ReleaseRunOptions;
    public readonly delegate* unmanaged[Cdecl]<nint, void> ReleaseTypeInfo;
    public readonly delegate* unmanaged[Cdecl]<nint, void> ReleaseTensorTypeAndShapeInfo;
    public readonly delegate* unmanaged[Cdecl]<nint, void> ReleaseValue;

    private readonly delegate* unmanaged[Cdecl]<void*, int> _getErrorCode;
    private readonly delegate* unmanaged[Cdecl]<void*, byte*> _getErrorMessage;
    private readonly delegate* unmanaged[Cdecl]<void*, void> _releaseStatus;

    private OrtApi(void** table, uint version, string libraryVersion)
    {
        Version = version;
        LibraryVersion = libraryVersion;

        _getErrorCode = (delegate* unmanaged[Cdecl]<void*, int>)table[OrtSlots.GetErrorCode];
        _getErrorMessage = (delegate* unmanaged[Cdecl]<void*, byte*>)table[OrtSlots.GetErrorMessage];
        _releaseStatus = (delegate* unmanaged[Cdecl]<void*, void>)table[OrtSlots.ReleaseStatus];

        CreateEnvWithCustomLogger =
            (delegate* unmanaged[Cdecl]<delegate* unmanaged[Cdecl]<void*, int, byte*, byte*, byte*, byte*, void>, void*, int, byte*, nint*, void*>)
            table[OrtSlots.CreateEnvWithCustomLogger];
        EnableTelemetryEvents = (delegate* unmanaged[Cdecl]<nint, void*>)table[OrtSlots.EnableTelemetryEvents];
        DisableTelemetryEvents = (delegate* unmanaged[Cdecl]<nint, void*>)table[OrtSlots.DisableTelemetryEvents];

        CreateSessionOptions = (delegate* unmanaged[Cdecl]<nint*, void*>)table[OrtSlots.CreateSessionOptions];
        SetSessionExecutionMode = (delegate* unmanaged[Cdecl]<nint, int, void*>)table[OrtSlots.SetSessionExecutionMode];
        EnableMemPattern = (delegate* unmanaged[Cdecl]<nint, void*>)table[OrtSlots.EnableMemPattern];
        DisableMemPattern = (delegate* unmanaged[Cdecl]<nint, void*>)table[OrtSlots.DisableMemPattern];
        SetSessionGraphOptimizationLevel = (delegate* unmanaged[Cdecl]<nint, int, void*>)table[OrtSlots.SetSessionGraphOptimizationLevel];
        SetIntraOpNumThreads = (delegate* unmanaged[Cdecl]<nint, int, void*>)table[OrtSlots.SetIntraOpNumThreads];
        SetInterOpNumThreads = (delegate* unmanaged[Cdecl]<nint, int, void*>)table[OrtSlots.SetInterOpNumThreads];
        SetDeterministicCompute = (delegate* unmanaged[Cdecl]<nint, byte, void*>)table[OrtSlots.SetDeterministicCompute];
        AddSessionConfigEntry = (delegate* unmanaged[Cdecl]<nint, byte*, byte*, void*>)table[OrtSlots.AddSessionConfigEntry];

        CreateSessionFromArray = (delegate* unmanaged[Cdecl]<nint, byte*, nuint, nint, nint*, void*>)table[OrtSlots.CreateSessionFromArray];
        SessionGetInputCount = (delegate* unmanaged[Cdecl]<nint, nuint*, void*>)table[OrtSlots.SessionGetInputCount];
        SessionGetOutputCount = (delegate* unmanaged[Cdecl]<nint, nuint*, void*>)table[OrtSlots.SessionGetOutputCount];
        SessionGetInputName = (delegate* unmanaged[Cdecl]<nint, nuint, nint, byte**, void*>)table[OrtSlots.SessionGetInputName];
        SessionGetOutputName = (delegate* unmanaged[Cdecl]<nint, nuint, nint, byte**, void*>)table[OrtSlots.SessionGetOutputName];
        SessionGetInputTypeInfo = (delegate* unmanaged[Cdecl]<nint, nuint, nint*, void*>)table[OrtSlots.SessionGetInputTypeInfo];
        SessionGetOutputTypeInfo = (delegate* unmanaged[Cdecl]<nint, nuint, nint*, void*>)table[OrtSlots.SessionGetOutputTypeInfo];

        GetOnnxTypeFromTypeInfo = (delegate* unmanaged[Cdecl]<nint, int*, void*>)table[OrtSlots.GetOnnxTypeFromTypeInfo];
        CastTypeInfoToTensorInfo = (delegate* unmanaged[Cdecl]<nint, nint*, void*>)table[OrtSlots.CastTypeInfoToTensorInfo];
        GetTensorElementType = (delegate* unmanaged[Cdecl]<nint, int*, void*>)table[OrtSlots.GetTensorElementType];
        GetDimensionsCount = (delegate* unmanaged[Cdecl]<nint, nuint*, void*>)table[OrtSlots.GetDimensionsCount];
        GetDimensions = (delegate* unmanaged[Cdecl]<nint, long*, nuint, void*>)table[OrtSlots.GetDimensions];
        GetSymbolicDimensions = (delegate* unmanaged[Cdecl]<nint, byte**, nuint, void*>)table[OrtSlots.GetSymbolicDimensions];

        Run = (delegate* unmanaged[Cdecl]<nint, nint, byte**, nint*, nuint, byte**, nuint, nint*, void*>)table[OrtSlots.Run];
        CreateRunOptions = (delegate* unmanaged[Cdecl]<nint*, void*>)table[OrtSlots.CreateRunOptions];
        RunOptionsSetRunLogSeverityLevel = (delegate* unmanaged[Cdecl]<nint, int, void*>)table[OrtSlots.RunOptionsSetRunLogSeverityLevel];
        RunOptionsSetTerminate = (delegate* unmanaged[Cdecl]<nint, void*>)table[OrtSlots.RunOptionsSetTerminate];
        RunOptionsUnsetTerminate = (delegate* unmanaged[Cdecl]<nint, void*>)table[OrtSlots.RunOptionsUnsetTerminate];

        CreateTensorAsOrtValue = (delegate* unmanaged[Cdecl]<nint, long*, nuint, int, nint*, void*>)table[OrtSlots.CreateTensorAsOrtValue];
        CreateTensorWithDataAsOrtValue =
            (delegate* unmanaged[Cdecl]<nint, void*, nuint, long*, nuint, int, nint*, void*>)table[OrtSlots.CreateTensorWithDataAsOrtValue];
        GetTensorTypeAndShape = (delegate* unmanaged[Cdecl]<nint, nint*, void*>)table[OrtSlots.GetTensorTypeAndShape];
        GetTensorMutableData = (delegate* unmanaged[Cdecl, SuppressGCTransition]<nint, void**, void*>)table[OrtSlots.GetTensorMutableData];
        GetStringTensorDataLength = (delegate* unmanaged[Cdecl]<nint, nuint*, void*>)table[OrtSlots.GetStringTensorDataLength];
        GetStringTensorContent = (delegate* unmanaged[Cdecl]<nint, byte*, nuint, nuint*, nuint, void*>)table[OrtSlots.GetStringTensorContent];
        GetStringTensorElementLength = (delegate* unmanaged[Cdecl]<nint, nuint, nuint*, void*>)table[OrtSlots.GetStringTensorElementLength];
        GetResizedStringTensorElementBuffer =
            (delegate* unmanaged[Cdecl]<nint, nuint, nuint, byte**, void*>)table[OrtSlots.GetResizedStringTensorElementBuffer];

        CreateMemoryInfo = (delegate* unmanaged[Cdecl]<byte*, int, int, int, nint*, void*>)table[OrtSlots.CreateMemoryInfo];
        RegisterAllocator = (delegate* unmanaged[Cdecl]<nint, nint, void*>)table[OrtSlots.RegisterAllocator];
        CreateCpuMemoryInfo = (delegate* unmanaged[Cdecl]<int, int, nint*, void*>)table[OrtSlots.CreateCpuMemoryInfo];
        GetAllocatorWithDefaultOptions = (delegate* unmanaged[Cdecl]<nint*, void*>)table[OrtSlots.GetAllocatorWithDefaultOptions];
        AllocatorFree = (delegate* unmanaged[Cdecl]<nint, void*, void*>)table[OrtSlots.AllocatorFree];

        ReleaseEnv = (delegate* unmanaged[Cdecl]<nint, void>)table[OrtSlots.ReleaseEnv];
        ReleaseMemoryInfo = (delegate* unmanaged[Cdecl]<nint, void>)table[OrtSlots.ReleaseMemoryInfo];
        ReleaseSession = (delegate* unmanaged[Cdecl]<nint, void>)table[OrtSlots.ReleaseSession];
        ReleaseSessionOptions = (delegate* unmanaged[Cdecl]<nint, void>)table[OrtSlots.ReleaseSessionOptions];
        ReleaseRunOptions = (delegate* unmanaged[Cdecl]<nint, void>)table[OrtSlots.ReleaseRunOptions];
        ReleaseTypeInfo = (delegate* unmanaged[Cdecl]<nint, void>)table[OrtSlots.ReleaseTypeInfo];
        ReleaseTensorTypeAndShapeInfo = (delegate* unmanaged[Cdecl]<nint, void>)table[OrtSlots.ReleaseTensorTypeAndShapeInfo];
        ReleaseValue = (delegate* unmanaged[Cdecl]<nint, void>)table[OrtSlots.ReleaseValue];

        // Beyond the end of an older library's table lies whatever the linker put there.
        if (version >= 24)
        {
            TensorTypeAndShapeHasShape = (delegate* unmanaged[Cdecl]<nint, byte>)table[OrtSlots.Since24.TensorTypeAndShapeHasShape];
            GetTensorElementTypeAndShapeDataReference =
                (delegate* unmanaged[Cdecl, SuppressGCTransition]<nint, int*, long**, nuint*, void*>)
                table[OrtSlots.Since24.GetTensorElementTypeAndShapeDataReference];
        }
    }

    public uint Version { get; }

    /// <summary>For example 1.30.0.</summary>
    public string LibraryVersion { get; }

    /// <summary>Takes the table out of a loaded library, asking for at most version <paramref name="highest"/>.</summary>
    /// <exception cref="OnnxLibraryRefusedException">No ONNX Runtime, or one that is too old.</exception>
    public static OrtApi Of(nint library, string path, uint highest)
    {
        if (!NativeLibrary.TryGetExport(library, "OrtGetApiBase", out nint export))
        {
            throw new OnnxLibraryRefusedException(
                $"{path} is no ONNX Runtime library: it exports no OrtGetApiBase. Name the right file in runtime.library.");
        }

        void** apiBase = ((delegate* unmanaged[Cdecl]<void**>)export)();
        string libraryVersion = Text(((delegate* unmanaged[Cdecl]<byte*>)apiBase[1])());
        uint version = VersionToAskFor(libraryVersion, highest);
        if (version == 0)
        {
            throw new OnnxLibraryRefusedException(
                $"{path} is ONNX Runtime {libraryVersion}; version 1.{Lowest} or a newer 1.x is needed. Install one and name it in runtime.library.");
        }

        void** table = ((delegate* unmanaged[Cdecl]<uint, void**>)apiBase[0])(version);
        return table is null
            ? throw new OnnxLibraryRefusedException(
                $"{path} (ONNX Runtime {libraryVersion}) does not offer API version {version}. Name another library in runtime.library.")
            : new OrtApi(table, version, libraryVersion);
    }

    /// <summary>
    /// Library 1.N offers API versions up to N; asked for more it answers null and grumbles on standard error, so it is not
    /// asked. 0 for a library older than <see cref="Lowest"/> or of another major version.
    /// </summary>
    public static uint VersionToAskFor(string libraryVersion, uint highest = Highest)
    {
        string[] parts = libraryVersion.Split('.');
        return parts.Length >= 2 && parts[0] == "1" && uint.TryParse(parts[1], out uint minor) && minor >= Lowest ? Math.Min(minor, highest) : 0;
    }

    /// <summary>Null is success; anything else is read, released and thrown.</summary>
    /// <exception cref="OnnxException">The status.</exception>
    public void Check(void* status, string doing)
    {
        if (status is not null)
        {
            throw Failure(status, doing);
        }
    }

    /// <summary>Reads a status that is not null, and releases it.</summary>
    public OnnxException Failure(void* status, string doing)
    {
        try
        {
            return new OnnxException(_getErrorCode(status), Text(_getErrorMessage(status)), doing);
        }
        finally
        {
            _releaseStatus(status);
        }
    }

    /// <summary>The default CPU allocator: the process's, never released.</summary>
    public nint DefaultAllocator()
    {
        nint allocator;
        Check(GetAllocatorWithDefaultOptions(&allocator), "get the default allocator");
        return allocator;
    }

    public static string Text(byte* utf8) => Marshal.PtrToStringUTF8((nint)utf8) ?? "";
}
