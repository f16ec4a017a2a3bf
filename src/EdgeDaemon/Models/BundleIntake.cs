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

    /// <exception cref="BundleRefusedException">With the reason; the manifest where it could be trusted.</exception>
    public ReceivedBundle Receive(string folder, TrustContext context)
    {
        string shown = Path.GetFileName(folder);
        VerifiedBundle? verified = null;
        ContentTree? content = null;
        try
        {
            // Receive: the content once into our memory, hashed from there. What is verified below is what is loaded.
            content = ContentTree.Read(Path.Combine(folder, "content"), new() { MaxTotalBytes = settings.MaxBytes, MaxEntries = settings.MaxFiles });

            // Verify: signatures before anything parses a byte of the content, then the manifest that they cover.
            verified = VerifiedBundle.Verify(
                context,
                Signatures(folder),
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

    private static List<SignatureFile> Signatures(string folder)
    {
        string signatures = Path.Combine(folder, "signatures");
        string[] files = Directory.Exists(signatures) ? Directory.GetFiles(signatures, "*.sig") : [];
        return files.Length <= SignatureFile.MaxCount
            ? [.. files.Order(StringComparer.Ordinal).Select(file => new SignatureFile(Path.GetFileName(file), SafeFileRead.Read(file, SignatureFile.MaxBytes)))]
            : throw new BundleException($"it has {files.Length} signature files, at most {SignatureFile.MaxCount} are read");
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
