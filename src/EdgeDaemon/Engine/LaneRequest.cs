using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Engine;

/// <summary>Who wants a lane, how urgently, for what and until when.</summary>
/// <param name="Tenant">Its index.</param>
/// <param name="Share">Its weight beside other tenants.</param>
/// <param name="Priority">One of <see cref="RequestPriority"/>'s levels.</param>
/// <param name="Bytes">Of all inputs.</param>
/// <param name="Deadline">In <see cref="System.Diagnostics.Stopwatch"/>'s ticks; <see cref="long.MaxValue"/> for none.</param>
/// <param name="Inputs">In the contract's order, to be read until the request has left its lane; empty: it shares a run with nobody.</param>
/// <param name="Account">On whose account what the run needs is; null: nobody's.</param>
/// <param name="Taken">Called when it waits no more although its turn comes later, since others share its run; by whoever holds the pool's lock.</param>
/// <param name="Alone">It shares a run with nobody.</param>
internal readonly record struct LaneRequest(
    int Tenant, int Share, int Priority, long Bytes, long Deadline, ReadOnlyMemory<EngineInput> Inputs = default, TensorAccount? Account = null, Action? Taken = null, bool Alone = false);
