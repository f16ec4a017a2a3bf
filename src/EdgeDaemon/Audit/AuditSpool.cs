using EdgeDaemon.Core.Configuration;

namespace EdgeDaemon.Audit;

/// <summary>
/// The log of decisions on the disk: records are copied into one ring by whoever has them, and one thread of its own numbers, frames, hashes, writes and syncs
/// them in groups. All members may be called by many threads.
/// </summary>
internal sealed class AuditSpool : IDisposable
{
    /// <summary>Bytes of one record: the ring, and whoever reads, can count on it.</summary>
    public const int LargestRecord = 32 << 10;

    private AuditSpool()
    {
    }

    /// <summary>As it is now; never null.</summary>
    public SpoolState State { get; private set; } = new(SpoolCondition.Running, true, "", default);

    /// <summary>The newest checkpoint that is on the disk; null before the first.</summary>
    public CheckpointMade? LastCheckpoint { get; private set; }

    /// <summary>Told of each checkpoint once it is on the disk, on the writer's thread: it must be quick, not throw and append nothing with a wait.</summary>
    public Action<CheckpointMade>? Checkpointed { get; set; }

    /// <summary>Told of each change of <see cref="State"/>, the same way.</summary>
    public Action<SpoolState>? Changed { get; set; }

    public SpoolFigures Figures => throw new NotImplementedException();

    /// <summary>Opens the log, repairs a torn end, says so in a record, and starts the writer's thread.</summary>
    /// <param name="settings">Where, and by which rules.</param>
    /// <param name="keys">The open epoch's key and where its successor is kept.</param>
    /// <param name="clock">The wall clock and the timer.</param>
    /// <exception cref="AuditSpoolException">It is not there, or not what was written: the message says which place, and what to do.</exception>
    public static AuditSpool Open(AuditSettings settings, AuditKeyStore keys, TimeProvider clock) => throw new NotImplementedException();

    /// <summary>Takes a record whose loss within the window is allowed. Never waits: where the buffer is full, what happens is the policy's.</summary>
    /// <param name="record">The payload, copied before this returns; at most <see cref="LargestRecord"/>.</param>
    public AuditPlace Append(ReadOnlySpan<byte> record) => throw new NotImplementedException();

    /// <summary>Takes a record and blocks this thread until it is on the disk, or known not to be. For what is rare: life cycle, trust, administration.</summary>
    public AuditPlace AppendDurably(ReadOnlySpan<byte> record) => throw new NotImplementedException();

    /// <summary>Takes a request's record. A batched one is done at once unless the loss window is used up; a strict one once its group is on the disk.</summary>
    /// <param name="waiter">The request's own; not in use.</param>
    /// <param name="record">Stays as it is until the task ends.</param>
    /// <param name="strict">Whether the answer waits for the disk.</param>
    public ValueTask<AuditPlace> AppendAsync(AuditWaiter waiter, ReadOnlyMemory<byte> record, bool strict) => throw new NotImplementedException();

    /// <summary>Asks for a checkpoint over all that was appended before, and waits for it.</summary>
    public Task<CheckpointMade?> CheckpointAsync() => throw new NotImplementedException();

    /// <summary>Brings everything to the disk, seals it with a checkpoint and ends the thread. Append the stop record before.</summary>
    public void Dispose()
    {
    }
}
