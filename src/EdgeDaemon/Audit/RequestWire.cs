namespace EdgeDaemon.Audit;

/// <summary>How a request came.</summary>
internal enum RequestWire
{
    Rest,
    Grpc,

    /// <summary>One message of many.</summary>
    GrpcStream,
    Control,
}
