using System.Collections.Immutable;
using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Oms;
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
internal sealed class ModelLifecycle(EdgedSettings settings, TrustPolicy trust, OnnxRuntime runtime, TensorBlockPool pool, TimeProvider clock, ILogger log)
{
    private const int LargestSignature = 16 << 20;
    private const int MostSignatures = 64;
    private const string ManifestName = "model.toml";

    /// <summary>Loads every bundle of the state directory and publishes what serves and what was refused.</summary>
    public void LoadAll(ModelRegistry registry)
    {
        var serving = new Dictionary<string, ServedModel>(StringComparer.Ordinal);
        var refused = new List<RefusedBundle>();
        foreach (string folder in Folders())
        {
            string shown = Path.GetFileName(folder);
            try
            {
                ServedModel model = Load(folder, shown);
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

        foreach (ServedModel model in serving.Values)
        {
            Log.ModelServes(log, model.Name, model.Manifest.Version, model.Manifest.Sequence, model.ReleaseDigest, string.Join(", ", model.SignedBy));
        }

        registry.Publish(serving.Values, refused);
    }

    private ServedModel Load(string folder, string shown)
    {
        ModelManifest? manifest = null;
        try
        {
            // Receive: the content once into our memory, hashed from there. What is verified below is what is loaded.
            using ContentTree content = ContentTree.Read(Path.Combine(folder, "content"), Limits);

            // Verify: signatures before anything parses a byte of the content.
            ImmutableArray<TrustedKey> signers = Verify(folder, shown, content);
            string release = ReleaseDigest.Hex(ReleaseDigest.Compute(content.Entries));

            // Inspect: the manifest, now known to be what was signed.
            manifest = Inspect(content, folder, signers);

            // Stage: the graphs, from the very bytes that were hashed.
            ModelEngine engine = Stage(manifest, content);
            ImmutableArray<ServedMember> members =
                [.. manifest.Members.Select(member => new ServedMember(member.Name, member.File, Convert.ToHexStringLower(content.Find(member.File)!.Entry.Sha256.AsSpan())))];
            return new ServedModel(
                shown, manifest, release, [.. signers.Select(key => key.Name)], members, Labels(manifest, content), clock.GetUtcNow(), engine);
        }
        catch (Exception reason) when (reason is ContentTreeException or OmsException or ManifestException or OnnxException or OnnxContractException or IOException or UnauthorizedAccessException)
        {
            throw new BundleRefusedException(reason.Message, manifest, reason);
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

    private ContentTreeLimits Limits => new() { MaxTotalBytes = settings.Bundles.MaxBytes, MaxEntries = settings.Bundles.MaxFiles };

    private IEnumerable<string> Folders()
    {
        string models = Path.Combine(settings.StateDirectory, "models");
        return Directory.Exists(models) ? Directory.GetDirectories(models).Order(StringComparer.Ordinal) : [];
    }

    private ImmutableArray<TrustedKey> Verify(string folder, string shown, ContentTree content)
    {
        if (trust.IsExpired(clock.GetUtcNow()))
        {
            throw new BundleRefusedException($"the trust policy {settings.TrustFile} expired on {trust.Expires:u}; install a newer one", null);
        }

        string signatures = Path.Combine(folder, "signatures");
        string[] files = Directory.Exists(signatures) ? Directory.GetFiles(signatures, "*.sig") : [];
        if (files.Length == 0)
        {
            throw new BundleRefusedException("it has no signature: sign it with 'edgectl bundle sign'", null);
        }

        if (files.Length > MostSignatures)
        {
            throw new BundleRefusedException($"it has {files.Length} signature files, at most {MostSignatures} are read", null);
        }

        OmsKey[] keys = [.. trust.Keys.Where(key => key.Roles.Contains(TrustRole.Release)).Select(key => key.Key)];
        var options = new OmsTreeOptions { RangeDigest = content.RangeDigest };
        var signers = new List<TrustedKey>();
        string lastReason = "";
        foreach (string file in files.Order(StringComparer.Ordinal))
        {
            try
            {
                OmsVerified verified = OmsVerifier.Verify(SafeFileRead.Read(file, LargestSignature), keys);
                ImmutableArray<TreeFile> signed = verified.Statement.MatchTree(content.Entries, options);
                if (signed.Length != content.Entries.Length || !signed.Any(entry => entry.Name == ManifestName))
                {
                    // Ignored files and empty ones outside the shards are legal OMS, but nobody vouches for them.
                    throw new OmsException(OmsFault.FileUnlisted, "not every file of the content is signed, or model.toml is missing");
                }

                TrustedKey signer = trust.Keys.First(key => ReferenceEquals(key.Key, verified.Key));
                if (!signers.Contains(signer))
                {
                    signers.Add(signer);
                }
            }
            catch (Exception reason) when (reason is OmsException or IOException)
            {
                lastReason = $"{Path.GetFileName(file)}: {reason.Message}";
                Log.SignatureIgnored(log, shown, Path.GetFileName(file), reason.Message);
            }
        }

        return signers.Count > 0
            ? [.. signers]
            : throw new BundleRefusedException($"no signature by a trusted key holds: {lastReason}", null);
    }

    private ModelManifest Inspect(ContentTree content, string folder, ImmutableArray<TrustedKey> signers)
    {
        ContentFile file = content.Find(ManifestName) ?? throw new BundleRefusedException("its content has no model.toml", null);
        ModelManifest manifest = ModelManifest.Parse(file.Bytes.Span, Path.Combine(folder, "content", ManifestName));
        manifest.CheckFiles(content.Entries);
        if (manifest.Expires is { } expires && expires <= clock.GetUtcNow())
        {
            throw new BundleRefusedException($"the release expired on {expires:u}", manifest);
        }

        return signers.Any(key => key.MayRelease(manifest.Name))
            ? manifest
            : throw new BundleRefusedException(
                $"none of its signers ({string.Join(", ", signers.Select(key => key.Name))}) may release a model named '{manifest.Name}'; see 'models' in {settings.TrustFile}", manifest);
    }

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
            pool);
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
