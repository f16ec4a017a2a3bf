namespace EdgeDaemon.Core.Audit.Tree;

/// <summary>A message of <see cref="ParallelSha256"/>: bytes of one memory that many share.</summary>
internal readonly record struct HashedRange(int Start, int Length);
