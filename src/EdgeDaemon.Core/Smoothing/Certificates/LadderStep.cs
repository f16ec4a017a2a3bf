namespace EdgeDaemon.Core.Smoothing.Certificates;

/// <summary>One radius that was asked for.</summary>
/// <param name="Radius">In units of the tensor that the graphs see.</param>
/// <param name="Table">Digest of its boundary table, 64 hex digits.</param>
/// <param name="Samples">The look at which its verdict fell; for an undecided one the last look.</param>
/// <param name="Agreements">Samples for the chosen class at that look.</param>
public sealed record LadderStep(double Radius, string Table, RadiusVerdict Verdict, int Samples, int Agreements);

public enum RadiusVerdict
{
    Certified,

    /// <summary>Given up: with the agreements so far it would most likely never be certified.</summary>
    Futile,

    Undecided,
}
