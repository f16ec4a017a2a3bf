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

    /// <param name="code">OrtErrorCode.</param>
    /// <param name="nativeText">What the library says.</param>
    /// <param name="doing">What was asked of it, for example "load the model".</param>
    public OnnxException(int code, string nativeText, string doing)
        : base($"{doing}: {NameOf(code)}: {nativeText}")
    {
        Code = code;
        NativeText = nativeText;
    }

    public int Code { get; }

    public string Name => NameOf(Code);

    public string NativeText { get; }

    /// <summary>The header's name without its ORT_ prefix, or "code N".</summary>
    public static string NameOf(int code) => (uint)code < (uint)Names.Length ? Names[code] : $"code {code}";
}
