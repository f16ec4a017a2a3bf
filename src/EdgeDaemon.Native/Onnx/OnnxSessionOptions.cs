namespace EdgeDaemon.Native.Onnx;

/// <summary>How one session computes. Threads are always explicit: the library's default takes every core and spins.</summary>
/// <param name="IntraOpThreads">Threads for one operator, at least 1; 1 means that the calling thread does the work and no pool exists.</param>
/// <param name="DenormalAsZero">Flush denormals, in the calling thread and the pool's; changes results: part of the model's identity.</param>
public sealed record OnnxSessionOptions(int IntraOpThreads = 1, bool DenormalAsZero = false);
