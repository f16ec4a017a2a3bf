namespace EdgeDaemon.Core.Smoothing.Certificates;

/// <summary>One radius that was asked for.</summary>
/// <param name="Radius">In units of the tensor that the graphs see.</param>
/// <param name="Table">Digest of its boundary table, 64 hex digits.</param>
public sealed record LadderStep(double Radius, string Table);
