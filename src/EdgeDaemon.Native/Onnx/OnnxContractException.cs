namespace EdgeDaemon.Native.Onnx;

/// <summary>A graph whose inputs or outputs cannot be served: not a tensor, or an element type that the protocol lacks.</summary>
public sealed class OnnxContractException(string message) : Exception(message);
