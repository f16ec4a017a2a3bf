namespace EdgeDaemon.Native.Onnx;

/// <summary>A library that is not loaded; the message is for the operator and says what to do.</summary>
public sealed class OnnxLibraryRefusedException(string message, Exception? cause = null) : Exception(message, cause);
