namespace EdgeDaemon.Native.Onnx;

/// <summary>How one session computes. Threads are always explicit: the library's default takes every core and spins.</summary>
/// <param name="IntraOpThreads">Threads for one operator, at least 1; 1 means that the calling thread does the work and no pool exists.</param>
/// <param name="DenormalAsZero">Flush denormals, in the calling thread and the pool's; changes results: part of the model's identity.</param>
public sealed record OnnxSessionOptions(int IntraOpThreads = 1, bool DenormalAsZero = false)
{
    /// <summary>How far the library may rewrite the graph.</summary>
    public OnnxOptimisation Optimisation { get; init; } = OnnxOptimisation.All;

    /// <summary>Only kernels that give the same bits for the same input.</summary>
    public bool Deterministic { get; init; } = true;

    /// <summary>
    /// Runs take their memory from the daemon's allocator. False is for measuring beside the library's own arena, which nobody clears: never for tenants.
    /// </summary>
    public bool OwnMemory { get; init; } = true;

    /// <summary>Lay activations out once for each shape and allocate them in one piece.</summary>
    public bool MemoryPattern { get; init; } = true;
}

/// <summary>The library's levels, by its numbers (GraphOptimizationLevel).</summary>
public enum OnnxOptimisation
{
    None = 0,
    Basic = 1,
    Extended = 2,
    All = 99,
}
