namespace EdgeDaemon.Native.Onnx;

/// <summary>
/// Slot numbers of the C API's function table (onnxruntime_c_api.h, struct OrtApi; append-only: a number never changes its
/// meaning). What is not in <see cref="Since24"/> exists in every library that <see cref="OrtApi"/> accepts.
/// </summary>
internal static class OrtSlots
{
    /// <summary>Slots of API version 21, <see cref="OrtApi.Lowest"/>; everything but <see cref="Since24"/> lies below.</summary>
    public const int CountAtLowest = 285;

    public const int GetErrorCode = 1;
    public const int GetErrorMessage = 2;
    public const int CreateEnvWithCustomLogger = 4;
    public const int EnableTelemetryEvents = 5;
    public const int DisableTelemetryEvents = 6;
    public const int CreateSessionFromArray = 8;
    public const int Run = 9;
    public const int CreateSessionOptions = 10;
    public const int SetSessionExecutionMode = 13;
    public const int EnableMemPattern = 16;
    public const int DisableMemPattern = 17;
    public const int SetSessionGraphOptimizationLevel = 23;
    public const int SetIntraOpNumThreads = 24;
    public const int SetInterOpNumThreads = 25;
    public const int SessionGetInputCount = 30;
    public const int SessionGetOutputCount = 31;
    public const int SessionGetInputTypeInfo = 33;
    public const int SessionGetOutputTypeInfo = 34;
    public const int SessionGetInputName = 36;
    public const int SessionGetOutputName = 37;
    public const int CreateRunOptions = 39;
    public const int RunOptionsSetRunLogSeverityLevel = 41;
    public const int RunOptionsSetTerminate = 46;
    public const int RunOptionsUnsetTerminate = 47;
    public const int CreateTensorAsOrtValue = 48;
    public const int CreateTensorWithDataAsOrtValue = 49;
    public const int GetTensorMutableData = 51;
    public const int GetStringTensorDataLength = 53;
    public const int GetStringTensorContent = 54;
    public const int CastTypeInfoToTensorInfo = 55;
    public const int GetOnnxTypeFromTypeInfo = 56;
    public const int GetTensorElementType = 60;
    public const int GetDimensionsCount = 61;
    public const int GetDimensions = 62;
    public const int GetSymbolicDimensions = 63;
    public const int GetTensorTypeAndShape = 65;
    public const int CreateMemoryInfo = 68;
    public const int CreateCpuMemoryInfo = 69;
    public const int AllocatorFree = 76;
    public const int GetAllocatorWithDefaultOptions = 78;
    public const int ReleaseEnv = 92;
    public const int ReleaseStatus = 93;
    public const int ReleaseMemoryInfo = 94;
    public const int ReleaseSession = 95;
    public const int ReleaseValue = 96;
    public const int ReleaseRunOptions = 97;
    public const int ReleaseTypeInfo = 98;
    public const int ReleaseTensorTypeAndShapeInfo = 99;
    public const int ReleaseSessionOptions = 100;
    public const int GetStringTensorElementLength = 127;
    public const int AddSessionConfigEntry = 130;
    public const int RegisterAllocator = 176;
    public const int GetResizedStringTensorElementBuffer = 252;
    public const int SetDeterministicCompute = 273;

    /// <summary>Null in <see cref="OrtApi"/> for an older library, whose table ends before them.</summary>
    public static class Since24
    {
        public const int TensorTypeAndShapeHasShape = 390;
        public const int GetTensorElementTypeAndShapeDataReference = 414;
    }
}
