namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>Bytes that are no ONNX model within the bounds of this walk.</summary>
public sealed class OnnxFormatException(string message) : Exception(message);
