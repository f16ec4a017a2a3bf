using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Onnx;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Toml;
using EdgeDaemon.Native.Posix.Files;
using EdgeDaemon.Telemetry;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Models;

/// <summary>The first half of a model's path: Receive, Verify, Inspect. Nothing here runs a byte of what it judges.</summary>
internal sealed class BundleIntake(BundleSettings settings, ILogger log)
{
    private const int MostShown = 5;

    /// <summary>What this device judges by: its policy, what it has accepted, who it is, and the time that is trusted.</summary>
    public static TrustContext Context(DeviceSettings device, TrustPolicy trust, ReleaseHistory history, DateTimeOffset clock) => new(
        trust,
        history,
        new DeviceIdentity(device.Fleet, device.Class, device.Id, Hosting.Build.Number),
        TrustedTime.Of(clock, history.Time > Hosting.Build.Date ? history.Time : Hosting.Build.Date));

    /// <exception cref="BundleRefusedException">With the reason; the manifest where it could be trusted.</exception>
    public ReceivedBundle Receive(string folder, TrustContext context)
    {
        string shown = Path.GetFileName(folder);
        VerifiedBundle? verified = null;
        ContentTree? content = null;
        try
        {
            // Nothing is read that nobody signed.
            List<SignatureFile> signatures = Signatures(folder, shown);
            if (signatures.Count == 0)
            {
                throw new BundleException("it has no signature; 'edgectl bundle sign' makes one");
            }

            // Receive: the content once into our memory, hashed from there. What is verified below is what is loaded.
            content = ContentTree.Read(Path.Combine(folder, "content"), new() { MaxTotalBytes = settings.MaxBytes, MaxEntries = settings.MaxFiles });

            // Verify: signatures before anything parses a byte of the content, then the manifest that they cover.
            verified = VerifiedBundle.Verify(
                context,
                signatures,
                content.Entries,
                content.Find(ModelManifest.FileName) is { } manifest ? manifest.Bytes.Span : default,
                Path.Combine(folder, "content", ModelManifest.FileName),
                content.RangeDigest);
            foreach (IgnoredSignature ignored in verified.Signers.Ignored)
            {
                Log.SignatureIgnored(log, shown, ignored.File, ignored.Reason);
            }

            // Inspect: our own walk over every graph, before the runtime parses a byte of it.
            ContentTree judged = content;
            ModelInspection inspection = ModelInspection.Of(verified.Manifest, name => judged.Find(name)!.Bytes);
            Judge(inspection, shown);
            content = null;
            return new ReceivedBundle(verified, inspection, judged);
        }
        catch (Exception reason) when (reason is ContentTreeException or BundleException or ManifestException or IOException or UnauthorizedAccessException)
        {
            throw new BundleRefusedException(reason.Message, verified?.Manifest, reason);
        }
        catch (TomlException syntax)
        {
            throw new BundleRefusedException(syntax.Diagnostic.ToString(), null, syntax);
        }
        catch (TomlInvalidException invalid)
        {
            throw new BundleRefusedException(string.Join("; ", invalid.Diagnostics), null, invalid);
        }
        finally
        {
            content?.Dispose();
        }
    }

    // What cannot be read does not count, as what does not hold; it must not shut out a bundle that others signed well.
    private List<SignatureFile> Signatures(string folder, string shown)
    {
        string signatures = Path.Combine(folder, "signatures");
        string[] files = Directory.Exists(signatures) ? [.. Directory.GetFileSystemEntries(signatures, "*.sig").Order(StringComparer.Ordinal)] : [];
        var read = new List<SignatureFile>();
        foreach (string file in files.Take(SignatureFile.MaxCount))
        {
            try
            {
                read.Add(new SignatureFile(Path.GetFileName(file), SafeFileRead.Read(file, SignatureFile.MaxBytes)));
            }
            catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
            {
                Log.SignatureIgnored(log, shown, Printable.Of(Path.GetFileName(file)), unreadable.Message);
            }
        }

        if (files.Length > SignatureFile.MaxCount)
        {
            Log.SignatureIgnored(log, shown, Printable.Of(Path.GetFileName(files[SignatureFile.MaxCount])), $"it and all behind it: at most {SignatureFile.MaxCount} are read");
        }

        return read;
    }

    private void Judge(ModelInspection inspection, string shown)
    {
        (string File, OnnxFinding Finding)[] refusing = [.. inspection.All.Where(found => found.Finding.Severity >= settings.RefuseFrom)];
        if (refusing.Length > 0)
        {
            throw new BundleException(
                $"inspection: {string.Join("; ", refusing.Take(MostShown).Select(found => $"{Printable.Of(found.File)}: {found.Finding}"))}{(refusing.Length > MostShown ? $"; and {refusing.Length - MostShown} more" : "")}");
        }

        foreach ((string file, OnnxFinding finding) in inspection.All.Where(found => found.Finding.Severity == FindingSeverity.Warning).Take(MostShown))
        {
            Log.InspectionWarning(log, shown, Printable.Of(file), finding.ToString());
        }
    }
}
