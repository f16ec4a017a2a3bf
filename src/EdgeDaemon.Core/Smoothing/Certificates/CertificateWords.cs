namespace EdgeDaemon.Core.Smoothing.Certificates;

/// <summary>Closed sets as the schema spells them.</summary>
public static class CertificateWords
{
    public static string Of(VoteRule rule) => rule switch
    {
        VoteRule.Mean => "mean",
        VoteRule.Probabilities => "probabilities",
        _ => "majority",
    };

    public static string Of(CertificateMethod method) => method == CertificateMethod.Sequential ? "sequential" : "clopper_pearson";

    public static string Of(StoppedBy stopped) => stopped switch
    {
        StoppedBy.Completed => "completed",
        StoppedBy.Certified => "certified",
        StoppedBy.Futile => "futile",
        StoppedBy.Samples => "samples",
        _ => "deadline",
    };

    public static string Of(CertificateKind kind) => kind == CertificateKind.Grid ? "grid" : "float";
}
