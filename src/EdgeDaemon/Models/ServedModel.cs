using System.Collections.Immutable;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine;

namespace EdgeDaemon.Models;

/// <summary>One model as it is served: immutable but for its counters. Requests finish on the object they started with.</summary>
internal sealed class ServedModel : IDisposable
{
    private long _inferences;

    public ServedModel(
        string folder, ModelManifest manifest, string releaseDigest, ImmutableArray<string> signedBy, ImmutableArray<ServedMember> members,
        ImmutableArray<string> labels, DateTimeOffset loadedAt, ModelEngine engine)
    {
        Folder = folder;
        Manifest = manifest;
        ReleaseDigest = releaseDigest;
        SignedBy = signedBy;
        Members = members;
        LoadedAt = loadedAt;
        Engine = engine;
        Contract = new ModelContract(manifest);
        ModelDescription description = Describe(manifest, labels);
        MetadataJson = MetadataWriter.Model(description);
        ConfigJson = MetadataWriter.Config(description);
        ReadyJson = MetadataWriter.ModelReady(manifest.Name, ready: true);
    }

    public string Name => Manifest.Name;

    public long VersionNumber => Manifest.VersionNumber;

    public string Folder { get; }

    public ModelManifest Manifest { get; }

    public ModelContract Contract { get; }

    /// <summary>The identity of the model: 64 lower-case hex digits.</summary>
    public string ReleaseDigest { get; }

    /// <summary>Names of the trusted keys whose signatures were verified.</summary>
    public ImmutableArray<string> SignedBy { get; }

    public ImmutableArray<ServedMember> Members { get; }

    public DateTimeOffset LoadedAt { get; }

    public ModelEngine Engine { get; }

    /// <summary>Answers that cost nothing, written once.</summary>
    public byte[] MetadataJson { get; }

    public byte[] ConfigJson { get; }

    public byte[] ReadyJson { get; }

    public long Inferences => Interlocked.Read(ref _inferences);

    public void CountInference() => Interlocked.Increment(ref _inferences);

    public void Dispose() => Engine.Dispose();

    private static ModelDescription Describe(ModelManifest manifest, ImmutableArray<string> labels) => new()
    {
        Name = manifest.Name,
        Version = manifest.Version,
        Inputs = [.. manifest.Inputs.Select(input => input.Contract)],
        Outputs = [.. manifest.Outputs.Select(output => output.Contract)],
        InputFormats = [.. manifest.Inputs.Select(input => input.Image is { } layout ? $"FORMAT_{layout.ToString().ToUpperInvariant()}" : null)],
        LabelFiles = [.. manifest.Outputs.Select(output => output.Labels)],
        Parameters = labels.IsEmpty ? [] : [KeyValuePair.Create("labels", string.Join('\n', labels))],
    };
}

/// <summary>A member of a served model: its name, its file and that file's SHA-256.</summary>
internal sealed record ServedMember(string Name, string File, string Sha256);
