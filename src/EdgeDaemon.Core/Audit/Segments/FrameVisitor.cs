namespace EdgeDaemon.Core.Audit.Segments;

/// <summary>Gets each frame of a verification.</summary>
/// <param name="segment">The segment's number.</param>
/// <param name="offset">Where the frame begins in it.</param>
/// <param name="frame">The frame with its padding; valid during the call.</param>
/// <param name="leaf">Its leaf's hash; valid during the call.</param>
public delegate void FrameVisitor(ulong segment, long offset, ReadOnlySpan<byte> frame, ReadOnlySpan<byte> leaf);
