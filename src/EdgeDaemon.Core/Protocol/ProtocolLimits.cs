namespace EdgeDaemon.Core.Protocol;

/// <summary>Bounds on the JSON head of one request. Every bound is checked before memory is taken for what it bounds.</summary>
public sealed record ProtocolLimits
{
    public static ProtocolLimits Default { get; } = new();

    /// <summary>Bytes of the JSON head (with JSON tensor data: the whole body). Triton's body limit is the default: 64 MiB.</summary>
    public int MaxHeadBytes { get; init; } = 64 << 20;

    /// <summary>Nested arrays and objects, 1 to 64. A tensor of the greatest rank, nested, needs 19.</summary>
    public int MaxDepth { get; init; } = 32;

    /// <summary>Entries of <c>inputs</c>, and separately of <c>outputs</c>.</summary>
    public int MaxTensors { get; init; } = 64;

    /// <summary>Request parameters with a string, number or boolean value.</summary>
    public int MaxParameters { get; init; } = 64;

    public int MaxIdBytes { get; init; } = 256;

    /// <summary>Bytes of a tensor's name. Parameters with longer names are skipped as unknown.</summary>
    public int MaxNameBytes { get; init; } = 256;

    /// <summary>Bytes of one string parameter's value.</summary>
    public int MaxParameterTextBytes { get; init; } = 4096;
}
