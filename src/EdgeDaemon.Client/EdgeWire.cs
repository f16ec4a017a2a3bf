namespace EdgeDaemon.Client;

/// <summary>How calls that both wires have are spoken. Streams and health watches are gRPC, and requests in JSON are REST, whatever is chosen.</summary>
public enum EdgeWire
{
    /// <summary>HTTP/1.1, tensors as raw bytes behind a JSON head.</summary>
    Rest,

    /// <summary>HTTP/2, tensors as raw contents.</summary>
    Grpc,
}
