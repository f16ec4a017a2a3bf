using System.Collections.Immutable;

namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>
/// One signed entry: a whole file, or with method shards the bytes [<paramref name="Start"/>, <paramref name="End"/>) of it
/// (both 0 for a whole file), and the raw 32-byte SHA-256 of them.
/// </summary>
public sealed record OmsResource(string File, long Start, long End, ImmutableArray<byte> Sha256);
