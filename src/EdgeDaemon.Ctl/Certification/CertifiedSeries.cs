using System.Globalization;

namespace EdgeDaemon.Ctl.Certification;

/// <summary>One curve of a report: a model under noise of one sigma.</summary>
/// <param name="Sigma">In units of the tensor that receives the noise.</param>
internal sealed record CertifiedSeries(string Model, double Sigma)
{
    public string SigmaText => Sigma.ToString("R", CultureInfo.InvariantCulture);

    public override string ToString() => $"{Model}@{SigmaText}";
}
