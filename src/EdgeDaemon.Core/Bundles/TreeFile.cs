using System.Collections.Immutable;

namespace EdgeDaemon.Core.Bundles;

/// <summary>One file of a content tree: its canonical name (<see cref="ResourceName"/>), its size in bytes and the raw 32-byte SHA-256 of its bytes.</summary>
public sealed record TreeFile(string Name, long Size, ImmutableArray<byte> Sha256);
