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
    // Counted apart: beyond these, names are counted together.
    private const int MostPlaces = 511;

    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);
    private volatile Snapshot _now = new([], []);

    public ImmutableArray<ServedModel> Serving => _now.Models;

    public ImmutableArray<RefusedBundle> Refused => _now.Refused;

    /// <summary>What they were judged by; null before the first load.</summary>
    public TrustState? Trust { get; private set; }

    public void Publish(IEnumerable<ServedModel> models, IEnumerable<RefusedBundle> refused, TrustState trust)
    {
        var next = new Snapshot([.. models], [.. refused]);
        foreach (ServedModel model in next.Models)
        {
            model.Place = PlaceOf(model.Name);
        }

        ImmutableArray<ServedModel> before = Serving;
        Trust = trust;
        _now = next;

        // Only now: whoever finds it gone finds the next one. What is in flight finishes on the one it began with.
        foreach (ServedModel model in before.Except(next.Models))
        {
            model.LetGo();
        }
    }

    /// <summary>The same as <see cref="Find"/>, held until the request lets go of it.</summary>
    public ServedModel Hold(ReadOnlySpan<char> name, ReadOnlySpan<char> version)
    {
        ServedModel model;
        do
        {
            model = Find(name, version);
        }
        while (!model.TryHold()); // It went out of service in between: another one is there, or none.

        return model;
    }

    /// <summary>The model a route names. Exactly one version of a name is served; another one asked for is not found.</summary>
    /// <param name="name">As the path named it.</param>
    /// <param name="version">Digits; empty asks for the one that is served.</param>
    public ServedModel Find(ReadOnlySpan<char> name, ReadOnlySpan<char> version)
    {
        if (!_now.BySpan.TryGetValue(name, out ServedModel? model))
        {
            throw new RefusedException(Refusal.ModelNotFound, $"no model '{name}' is served");
        }

        if (!version.IsEmpty && !version.SequenceEqual(model.Manifest.Version))
        {
            throw new RefusedException(Refusal.ModelVersionNotFound, $"model '{name}' is served in version {model.Manifest.Version}, not {version}");
        }

        return model;
    }

    // A name keeps its place over reloads: its counters go on.
    private int PlaceOf(string name)
    {
        if (!_places.TryGetValue(name, out int place))
        {
            place = _places.Count < MostPlaces ? _places.Count + 1 : 0;
            _places.Add(name, place);
        }

        return place;
    }

    private sealed class Snapshot
    {
        private readonly FrozenDictionary<string, ServedModel> _byName;

        public Snapshot(ImmutableArray<ServedModel> models, ImmutableArray<RefusedBundle> refused)
        {
            Models = models;
            Refused = refused;
            _byName = models.ToFrozenDictionary(model => model.Name, StringComparer.Ordinal);
            BySpan = _byName.GetAlternateLookup<ReadOnlySpan<char>>();
        }

        public ImmutableArray<ServedModel> Models { get; }

        public ImmutableArray<RefusedBundle> Refused { get; }

        /// <summary>By the characters of a path, without making a string of them.</summary>
        public FrozenDictionary<string, ServedModel>.AlternateLookup<ReadOnlySpan<char>> BySpan { get; }
    }
}
