namespace EdgeDaemon.Native.Onnx;

/// <summary>A status of ONNX Runtime: its code, the code's name where this binding knows it, and the library's own text.</summary>
public sealed class OnnxException : Exception
{
    // onnxruntime_c_api.h, OrtErrorCode. Newer libraries may add codes: an unknown one keeps its number and its text.
    private static readonly string[] Names =
    [
        "OK", "FAIL", "INVALID_ARGUMENT", "NO_SUCHFILE", "NO_MODEL", "ENGINE_ERROR", "RUNTIME_EXCEPTION", "INVALID_PROTOBUF",
        "MODEL_LOADED", "NOT_IMPLEMENTED", "INVALID_GRAPH", "EP_FAIL", "MODEL_LOAD_CANCELED", "MODEL_REQUIRES_COMPILATION",
        "NOT_FOUND", "DEVICE_RESET",
    ];

    public OnnxException(int code, string nativeText, string doing)
        : base($"{doing}: {NameOf(code)}: {nativeText}")
    {
        Code = code;
        NativeText = nativeText;
    }

    public int Code { get; }

    public string NativeText { get; }

    public static string NameOf(int code) => (uint)code < (uint)Names.Length ? Names[code] : $"code {code}";
}
