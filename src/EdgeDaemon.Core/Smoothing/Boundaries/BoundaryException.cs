namespace EdgeDaemon.Core.Smoothing.Boundaries;

/// <summary>A table of boundaries that cannot be used: what is wrong with it.</summary>
public sealed class BoundaryException(string message) : Exception(message);
