namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>More of something than any model has: the walk stops there, and it becomes the finding <c>too_many</c>.</summary>
internal sealed class OnnxFloodException(string message) : Exception(message);
