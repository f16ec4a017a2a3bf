using System.Globalization;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Models;
using EdgeDaemon.Telemetry;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Hosting;

/// <summary><c>edged probe</c>: what <c>edged run</c> would say to a bundle, up to its first load, without taking it in.</summary>
internal static class ProbeVerb
{
    public static int Execute(string configFile, string folder, TextWriter output, TextWriter errors)
    {
        if (!ConfigurationFiles.TryReadSettings(configFile, errors, out EdgedSettings? settings)
            || !ConfigurationFiles.TryReadTrust(settings.TrustFile, errors, out TrustPolicy? trust))
        {
            return 1;
        }

        using var logs = new LogOutput(LogLevel.Warning, TimeProvider.System, errors);
        try
        {
            ReleaseHistory history = new ReleaseStore(settings.StateDirectory).Read();
            using ReceivedBundle bundle = new BundleIntake(settings.Bundles, logs.CreateLogger("edged"))
                .Receive(Path.TrimEndingDirectorySeparator(folder), BundleIntake.Context(settings.Device, trust, history, DateTimeOffset.UtcNow));
            Print(output, bundle, new ProbeChild(settings).Run(bundle, CancellationToken.None));
            return 0;
        }
        catch (Exception refused) when (refused is BundleRefusedException or BundleException or IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"edged: {folder}: {refused.Message}");
            return 1;
        }
    }

    private static void Print(TextWriter output, ReceivedBundle bundle, ProbeReport report)
    {
        ModelManifest manifest = bundle.Manifest;
        output.WriteLine($"model           {manifest.Name} version {manifest.Version} sequence {manifest.Sequence}");
        output.WriteLine($"release         {bundle.Verified.ReleaseDigest}");
        output.WriteLine($"signed by       {string.Join(", ", bundle.Verified.Signers.Keys.Select(key => key.Name))}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"load            {report.LoadSeconds * 1000:0.0} ms, {Mebibytes(report.LoadPeakBytes)} at its peak, one session a member"));
        output.WriteLine($"self-tests      {(report.SelfTests == 0 ? "none in the bundle" : $"{report.SelfTests} passed")}");
        foreach (ProbedBatch batch in report.Batches)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"batch {batch.Size,-9} {batch.Seconds * 1000:0.000} ms, {Mebibytes(batch.PeakBytes)} at its peak"));
        }

        if (report.Unmeasured is not null)
        {
            output.WriteLine($"not measured    {report.Unmeasured}");
        }

        if (!report.Filtered)
        {
            output.WriteLine("confined by     limits alone: this kernel, or the sandbox around this process, has no filters of system calls");
        }
    }

    private static string Mebibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.0} MiB");
}
