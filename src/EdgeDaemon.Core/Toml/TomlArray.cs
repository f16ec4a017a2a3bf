namespace EdgeDaemon.Core.Toml;

/// <summary>Values in order: written as <c>[1, 2]</c>, or grown by <c>[[headers]]</c>.</summary>
public sealed class TomlArray : TomlValue
{
    private readonly List<TomlValue> _items = [];

    internal TomlArray(TomlPosition position, bool grownByHeaders)
        : base(position) => GrownByHeaders = grownByHeaders;

    public IReadOnlyList<TomlValue> Items => _items;

    public override string TypeName => "an array";

    /// <summary>Only such an array can be extended by another header; a written one is closed.</summary>
    internal bool GrownByHeaders { get; }

    internal void Add(TomlValue item) => _items.Add(item);
}
