using System.Collections.Immutable;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Onnx;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine;

namespace EdgeDaemon.Models;

/// <summary>One model as it is served: immutable but for its counters. Requests finish on the object they started with.</summary>
internal sealed class ServedModel : IDisposable
{
    private long _inferences;

    public ServedModel(
        string folder, ReceivedBundle bundle, ProbeReport? probe, ModelContract contract, ImmutableArray<string> labels, DateTimeOffset loadedAt, ModelEngine engine)
    {
        ModelManifest manifest = bundle.Manifest;
        Folder = folder;
        Manifest = manifest;
        ReleaseDigest = bundle.Verified.ReleaseDigest;
        Expired = bundle.Verified.Expired;
        Inspection = bundle.Inspection;
        Probe = probe;
        SignedBy = [.. bundle.Verified.Signers.Keys.Select(key => key.Name)];
        Members = [.. manifest.Members.Select(member => new ServedMember(member.Name, member.File, Convert.ToHexStringLower(bundle.Content.Find(member.File)!.Entry.Sha256.AsSpan())))];
        LoadedAt = loadedAt;
        Engine = engine;
        Contract = contract;
        ModelDescription description = Describe(manifest, labels);
        Description = description;
        MetadataJson = Document.Of(output => ModelMetadataWriter.Write(output, description));
        ConfigJson = Document.Of(output => ModelConfigWriter.Write(output, description));
        ReadyJson = Document.Of(output => HealthWriter.WriteModel(output, manifest.Name, ready: true));
    }

    public string Name => Manifest.Name;

    public string Folder { get; }

    public ModelManifest Manifest { get; }

    public ModelContract Contract { get; }

    /// <summary>The identity of the model: 64 lower-case hex digits.</summary>
    public string ReleaseDigest { get; }

    /// <summary>It, or the trust policy, has expired; it goes on because it was in service before.</summary>
    public bool Expired { get; }

    /// <summary>What the walk over its graphs found and what they are made of.</summary>
    public ModelInspection Inspection { get; }

    /// <summary>What its first load in a child took; null when nobody probes.</summary>
    public ProbeReport? Probe { get; }

    /// <summary>Names of the trusted keys whose signatures were verified.</summary>
    public ImmutableArray<string> SignedBy { get; }

    public ImmutableArray<ServedMember> Members { get; }

    public DateTimeOffset LoadedAt { get; }

    public ModelEngine Engine { get; }

    /// <summary>As metadata and configuration show it.</summary>
    public ModelDescription Description { get; }

    /// <summary>Answers that cost nothing, written once.</summary>
    public byte[] MetadataJson { get; }

    public byte[] ConfigJson { get; }

    public byte[] ReadyJson { get; }

    public long Inferences => Interlocked.Read(ref _inferences);

    public void CountInference() => Interlocked.Increment(ref _inferences);

    public void Dispose() => Engine.Dispose();

    private static string? Format(ImageLayout? image) => image switch
    {
        ImageLayout.Nchw => "FORMAT_NCHW",
        ImageLayout.Nhwc => "FORMAT_NHWC",
        _ => null,
    };

    private static ModelDescription Describe(ModelManifest manifest, ImmutableArray<string> labels) => new(
        manifest.Name,
        manifest.Version,
        [.. manifest.Inputs.Select(input => new TensorDescription(input.Contract, Format: Format(input.Image)))],
        [.. manifest.Outputs.Select(output => new TensorDescription(output.Contract, LabelFilename: output.Labels))])
    {
        Parameters = labels.IsEmpty ? [] : [KeyValuePair.Create("labels", string.Join('\n', labels))],
    };
}

/// <summary>A member of a served model: its name, its file and that file's SHA-256.</summary>
internal sealed record ServedMember(string Name, string File, string Sha256);
