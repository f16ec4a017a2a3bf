namespace EdgeDaemon.Audit;

/// <summary>A checkpoint that is on the disk. What leaves the device of it (journal, metrics, answers) is evidence against cutting the tail.</summary>
/// <param name="Size">Records that it covers.</param>
/// <param name="Root">The tree's root over them, 32 bytes.</param>
/// <param name="Epoch">Whose key signed it.</param>
/// <param name="Note">The signed note, as text, whole.</param>
/// <param name="Time">By the log's own clock.</param>
internal sealed record CheckpointMade(long Size, ReadOnlyMemory<byte> Root, long Epoch, string Note, DateTimeOffset Time);
