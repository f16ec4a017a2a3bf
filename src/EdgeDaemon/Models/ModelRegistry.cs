using System.Collections.Frozen;
using System.Collections.Immutable;
using EdgeDaemon.Core.Protocol;

namespace EdgeDaemon.Models;

/// <summary>
/// What is served now: one immutable snapshot behind one reference. A request keeps the model it found; a later change
/// swaps the whole snapshot and never disturbs it.
/// </summary>
internal sealed class ModelRegistry
{
    private volatile Snapshot _now = new([], []);

    public ImmutableArray<ServedModel> Serving => _now.Models;

    public ImmutableArray<RefusedBundle> Refused => _now.Refused;

    public void Publish(IEnumerable<ServedModel> models, IEnumerable<RefusedBundle> refused) =>
        _now = new Snapshot([.. models], [.. refused]);

    /// <summary>The model a route names. Exactly one version of a name is served; another one asked for is not found.</summary>
    public ServedModel Find(string name, long? version)
    {
        if (!_now.ByName.TryGetValue(name, out ServedModel? model))
        {
            throw new RefusedException(Refusal.ModelNotFound, $"no model '{name}' is served");
        }

        if (version is { } asked && asked != model.VersionNumber)
        {
            throw new RefusedException(Refusal.ModelVersionNotFound, $"model '{name}' is served in version {model.VersionNumber}, not {asked}");
        }

        return model;
    }

    private sealed class Snapshot(ImmutableArray<ServedModel> models, ImmutableArray<RefusedBundle> refused)
    {
        public ImmutableArray<ServedModel> Models => models;

        public ImmutableArray<RefusedBundle> Refused => refused;

        public FrozenDictionary<string, ServedModel> ByName { get; } = models.ToFrozenDictionary(model => model.Name, StringComparer.Ordinal);
    }
}
