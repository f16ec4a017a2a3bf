namespace EdgeDaemon.Audit;

/// <summary>A segment behind the one that is written.</summary>
/// <param name="Number">Its number.</param>
/// <param name="First">Sequence of its first record.</param>
/// <param name="End">Sequence of the next segment's first.</param>
/// <param name="LastTime">No record in it is later; microseconds since 1970.</param>
/// <param name="Bytes">Of its file.</param>
internal sealed record SealedSegment(ulong Number, ulong First, ulong End, long LastTime, long Bytes);
