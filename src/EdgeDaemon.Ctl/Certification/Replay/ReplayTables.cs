using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Smoothing.Boundaries;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Core.Smoothing.Statistics;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Certification.Replay;

/// <summary>
/// The boundary tables of a certificate, made again or taken from files, and their exact error proven again. What counts is the integers: a table with the digest that the
/// certificate names, whoever made it, whose error at Phi(r / sigma) is at most alpha.
/// </summary>
internal static class ReplayTables
{
    private const int MostBytes = 1 << 20;
    private const int MostFiles = 10_000;

    /// <param name="folder">With <c>*.bnd</c> files, as a daemon's state directory has below boundaries/; null to make every table, seconds for each.</param>
    /// <param name="rules">Of the bundle; without them a table that depends on the other radii on offer is not found.</param>
    /// <exception cref="CtlException">A table is another one.</exception>
    public static RadiusLadder Of(RobustnessCertificate certificate, ManifestSmoothing? rules, string? folder, CancellationToken cancellation)
    {
        CertificateSchedule schedule = certificate.Rule.Schedule!;
        Dictionary<string, BoundaryTable> files = folder is null ? [] : ReadAll(folder, cancellation);
        double sigma = certificate.Noise.Sigma;
        double[] radii = [.. certificate.Ladder.Select(step => step.Radius)];
        var tables = new List<BoundaryTable>();
        RadiusLadder? offered = null;
        try
        {
            var looks = LookSchedule.Every(schedule.Look, schedule.TableSamples);
            foreach (LadderStep step in certificate.Ladder)
            {
                if (!files.TryGetValue(step.Table, out BoundaryTable? table))
                {
                    table = BoundaryBuilder.Build(
                        new BoundaryParameters(CertifiedRadius.Probability(step.Radius, sigma), certificate.Rule.Alpha, schedule.Beta, looks), cancellation);
                }

                if (Digest(table) != step.Table && rules is not null)
                {
                    // Among all radii that the bundle offers an entry may have been raised to that of a smaller one.
                    offered ??= RadiusLadder.Build(
                        sigma, [.. rules.Radii.Where(radius => rules.Offers(sigma, radius))], certificate.Rule.Alpha, schedule.Beta, looks, cancellation);
                    table = offered[offered.Radii.IndexOf(step.Radius)];
                }

                if (Digest(table) != step.Table)
                {
                    throw new CtlException(FormattableString.Invariant(
                        $"the boundary table of radius {step.Radius:R} is {Digest(table)} when it is made again; the certificate names another one, {step.Table}"));
                }

                // A table from a file is found by its digest, and may have been made for something else.
                Same("rule.alpha", certificate.Rule.Alpha, table.Parameters.Alpha);
                Same("rule.beta", schedule.Beta, table.Parameters.Beta);
                Same("rule.look", schedule.Look, table.Looks[0]);
                Same("rule.table_samples", schedule.TableSamples, table.Looks.MaxSamples);
                tables.Add(table);
            }

            var ladder = new RadiusLadder(sigma, radii, tables, cancellation);
            return ladder.Alpha == certificate.Rule.Alpha && ladder.CertifyError <= certificate.Rule.Alpha
                ? ladder
                : throw new CtlException(FormattableString.Invariant($"the tables certify wrongly with probability {ladder.CertifyError:g6}, not at most rule.alpha = {certificate.Rule.Alpha:R}"));
        }
        catch (Exception wrong) when (wrong is ArgumentException or BoundaryException)
        {
            throw new CtlException($"the certificate's tables cannot be: {wrong.Message}", wrong);
        }
    }

    /// <summary>64 hex digits.</summary>
    public static string Digest(BoundaryTable table) => Convert.ToHexStringLower(table.Digest);

    private static void Same(string key, double stated, double found)
    {
        if (stated != found)
        {
            throw new CtlException(FormattableString.Invariant($"{key} is {stated:R} in the certificate; the table that it names was made for {found:R}"));
        }
    }

    // Each with its error proven anew: whoever can write there can only make tables useless.
    private static Dictionary<string, BoundaryTable> ReadAll(string folder, CancellationToken cancellation)
    {
        var tables = new Dictionary<string, BoundaryTable>();
        foreach (string file in Directory.EnumerateFiles(folder, "*.bnd").Take(MostFiles))
        {
            try
            {
                BoundaryTable table = BoundaryTable.Read(SafeFileRead.Read(file, MostBytes), cancellation);
                tables[Digest(table)] = table;
            }
            catch (BoundaryException wrong)
            {
                throw new CtlException($"{file}: {wrong.Message}", wrong);
            }
        }

        return tables;
    }
}
