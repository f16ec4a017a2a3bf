namespace EdgeDaemon.Client.Transport;

/// <summary>Header names beyond HTTP's own.</summary>
internal static class WireHeaders
{
    /// <summary>Bytes of JSON at the front of a body whose rest is raw tensors (binary tensor data extension).</summary>
    public const string HeadLength = "Inference-Header-Content-Length";
}
