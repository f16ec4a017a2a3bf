using System.Collections.Immutable;
using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Onnx;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Toml;
using EdgeDaemon.Engine;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Native.Posix.Files;
using EdgeDaemon.Telemetry;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Models;

/// <summary>
/// The path of a model from a folder to the registry, and the only place that knows its order. A bundle that fails anywhere is
/// refused with its reason; the others serve.
/// </summary>
internal sealed class ModelLifecycle(
    EdgedSettings settings, TrustPolicy trust, OnnxRuntime runtime, TensorBlockPool pool, Action<IThreadPoolWorkItem> resume, TimeProvider clock, ILogger log)
{
    private const int MostShown = 5;

    private readonly ReleaseStore _releases = new(settings.StateDirectory);
    private readonly DeviceIdentity _device = new(settings.Device.Fleet, settings.Device.Class, settings.Device.Id, Hosting.Build.Number);

    /// <summary>Loads every bundle of the state directory and publishes what serves and what was refused.</summary>
    public void LoadAll(ModelRegistry registry)
    {
        var refused = new List<RefusedBundle>();
        ReleaseHistory history;
        try
        {
            history = _releases.Read();
        }
        catch (Exception unusable) when (unusable is BundleException or IOException or UnauthorizedAccessException)
        {
            // Fail closed: without it nobody knows whether a release is an old one that somebody put back.
            Log.HistoryUnusable(log, unusable.Message);
            foreach (string folder in Folders())
            {
                Reject(refused, Path.GetFileName(folder), null, unusable.Message);
            }

            registry.Publish([], refused, new TrustState(trust.Version, trust.Expires, clock.GetUtcNow(), false, unusable.Message));
            return;
        }

        TrustedTime time = TrustedTime.Of(clock.GetUtcNow(), history.Time > Hosting.Build.Date ? history.Time : Hosting.Build.Date);
        if (time.ClockIsBehind)
        {
            Log.ClockIsBehind(log, clock.GetUtcNow(), time.Now);
        }

        Dictionary<string, ServedModel> serving = LoadEach(new TrustContext(trust, history, _device, time.Now), refused);
        Record(history, time.Now, serving, refused);
        foreach (ServedModel model in serving.Values)
        {
            Log.ModelServes(log, model.Name, model.Manifest.Version, model.Manifest.Sequence, model.ReleaseDigest, string.Join(", ", model.SignedBy));
            if (model.Expired)
            {
                Log.ModelExpired(log, model.Name);
            }
        }

        registry.Publish(serving.Values, refused, new TrustState(trust.Version, trust.Expires, time.Now, time.ClockIsBehind, null));
    }

    private Dictionary<string, ServedModel> LoadEach(TrustContext context, List<RefusedBundle> refused)
    {
        var serving = new Dictionary<string, ServedModel>(StringComparer.Ordinal);
        foreach (string folder in Folders())
        {
            string shown = Path.GetFileName(folder);
            try
            {
                ServedModel model = Load(folder, shown, context);
                if (serving.TryGetValue(model.Name, out ServedModel? other))
                {
                    // Exactly one version of a name is served: the higher sequence, whichever folder comes first.
                    (ServedModel kept, ServedModel dropped) = other.Manifest.Sequence >= model.Manifest.Sequence ? (other, model) : (model, other);
                    dropped.Dispose();
                    serving[model.Name] = kept;
                    Reject(refused, dropped.Folder, dropped.Manifest, $"folder {kept.Folder} holds model {kept.Name} with sequence {kept.Manifest.Sequence}; one version of a name is served");
                    continue;
                }

                serving.Add(model.Name, model);
            }
            catch (BundleRefusedException reason)
            {
                Reject(refused, shown, reason.Manifest, reason.Message);
            }
        }

        return serving;
    }

    // Commit: what serves from here on is on the disk first. A new release that could not be recorded could be undone by a restart.
    private void Record(ReleaseHistory before, DateTimeOffset now, Dictionary<string, ServedModel> serving, List<RefusedBundle> refused)
    {
        ReleaseHistory after = before.See(trust.Version, now);
        foreach (ServedModel model in serving.Values)
        {
            after = after.Accept(model.Manifest, model.ReleaseDigest, now);
        }

        try
        {
            _releases.Write(after);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Log.HistoryUnusable(log, failure.Message);
            foreach (ServedModel model in serving.Values.Where(model => !before.Holds(model.ReleaseDigest)).ToArray())
            {
                serving.Remove(model.Name);
                model.Dispose();
                Reject(refused, model.Folder, model.Manifest, $"its acceptance could not be recorded: {failure.Message}");
            }
        }
    }

    private ServedModel Load(string folder, string shown, TrustContext context)
    {
        VerifiedBundle? verified = null;
        try
        {
            // Receive: the content once into our memory, hashed from there. What is verified below is what is loaded.
            using ContentTree content = ContentTree.Read(Path.Combine(folder, "content"), Limits);

            // Verify and inspect: signatures before anything parses a byte of the content, then the manifest that they cover.
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
            ModelInspection inspection = ModelInspection.Of(verified.Manifest, name => content.Find(name)!.Bytes);
            Judge(inspection, shown);

            // Stage: the graphs, from the very bytes that were hashed.
            return new ServedModel(shown, verified, inspection, Members(verified.Manifest, content), Labels(verified.Manifest, content), clock.GetUtcNow(), Stage(verified.Manifest, content));
        }
        catch (Exception reason) when (reason is ContentTreeException or BundleException or ManifestException or OnnxException or OnnxContractException or IOException or UnauthorizedAccessException)
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
    }

    private void Judge(ModelInspection inspection, string shown)
    {
        (string File, OnnxFinding Finding)[] refusing = [.. inspection.All.Where(found => found.Finding.Severity >= settings.Bundles.RefuseFrom)];
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

    private ContentTreeLimits Limits => new() { MaxTotalBytes = settings.Bundles.MaxBytes, MaxEntries = settings.Bundles.MaxFiles };

    private IEnumerable<string> Folders()
    {
        string models = Path.Combine(settings.StateDirectory, "models");
        return Directory.Exists(models) ? Directory.GetDirectories(models).Order(StringComparer.Ordinal) : [];
    }

    private static List<SignatureFile> Signatures(string folder)
    {
        string signatures = Path.Combine(folder, "signatures");
        string[] files = Directory.Exists(signatures) ? Directory.GetFiles(signatures, "*.sig") : [];
        return files.Length <= SignatureFile.MaxCount
            ? [.. files.Order(StringComparer.Ordinal).Select(file => new SignatureFile(Path.GetFileName(file), SafeFileRead.Read(file, SignatureFile.MaxBytes)))]
            : throw new BundleException($"it has {files.Length} signature files, at most {SignatureFile.MaxCount} are read");
    }

    private static ImmutableArray<ServedMember> Members(ModelManifest manifest, ContentTree content) =>
        [.. manifest.Members.Select(member => new ServedMember(member.Name, member.File, Convert.ToHexStringLower(content.Find(member.File)!.Entry.Sha256.AsSpan())))];

    private ModelEngine Stage(ModelManifest manifest, ContentTree content)
    {
        var contract = new ModelContract(manifest);
        int lanes = settings.Engine.Lanes == 0 ? Math.Min(Environment.ProcessorCount, LanePool.MostLanes) : settings.Engine.Lanes;
        return new ModelEngine(
            runtime,
            [.. manifest.Members.Select(member => new EngineMember(member.Name, content.Find(member.File)!.Bytes))],
            [.. contract.Inputs.Select(input => new EnginePort(input.Contract, input.Tensor, input.GraphType))],
            [.. contract.Outputs.Select(output => new EnginePort(output.Contract, output.Tensor, output.Contract.Type))],
            new OnnxSessionOptions(settings.Engine.IntraOpThreads, manifest.DenormalAsZero),
            lanes,
            settings.Engine.Queue,
            pool,
            resume);
    }

    private static ImmutableArray<string> Labels(ModelManifest manifest, ContentTree content)
    {
        string? file = manifest.Outputs.Select(output => output.Labels).FirstOrDefault(labels => labels is not null);
        return file is null
            ? []
            : [.. Encoding.UTF8.GetString(content.Find(file)!.Bytes.Span).TrimEnd('\n').Split('\n').Select(line => line.TrimEnd('\r'))];
    }

    private void Reject(List<RefusedBundle> refused, string folder, ModelManifest? manifest, string reason)
    {
        Log.BundleRefused(log, folder, reason);
        refused.Add(new RefusedBundle(folder, manifest?.Name, manifest?.Version, reason));
    }
}
