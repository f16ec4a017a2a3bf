namespace EdgeDaemon.Core.Audit.Tree;

/// <summary>A message of a <see cref="TreeHasher"/>: bytes of one memory that many share.</summary>
public readonly record struct HashedRange(int Start, int Length);
