using System.Diagnostics.CodeAnalysis;

namespace EdgeDaemon.Core.Toml;

/// <summary>A key, where it stands, and its value.</summary>
public sealed record TomlEntry(string Key, TomlPosition KeyPosition, TomlValue Value);

/// <summary>
/// Keys and values in the order of the file. Its position is its header, its brace, or the key that first implied it;
/// 1:1 for the whole file.
/// </summary>
public sealed class TomlTable : TomlValue
{
    // Below this a scan beats a dictionary, and a file of many tiny tables stays small in memory.
    private const int ScanLimit = 8;

    private readonly List<TomlEntry> _entries = [];
    private Dictionary<string, TomlEntry>? _index;

    internal TomlTable(TomlPosition position, TomlTableOrigin origin, int depth)
        : base(position)
    {
        Origin = origin;
        Depth = depth;
    }

    public IReadOnlyList<TomlEntry> Entries => _entries;

    public override string TypeName => "a table";

    internal TomlTableOrigin Origin { get; private set; }

    /// <summary>How many tables and arrays enclose it: 0 for the whole file.</summary>
    internal int Depth { get; }

    public bool TryGet(string key, [NotNullWhen(true)] out TomlEntry? entry)
    {
        if (_index is not null)
        {
            return _index.TryGetValue(key, out entry);
        }

        foreach (TomlEntry candidate in _entries)
        {
            if (candidate.Key == key)
            {
                entry = candidate;
                return true;
            }
        }

        entry = null;
        return false;
    }

    internal void Add(TomlKey key, TomlValue value)
    {
        var entry = new TomlEntry(key.Name, key.Position, value);
        _entries.Add(entry);
        if (_index is not null)
        {
            _index.Add(entry.Key, entry);
        }
        else if (_entries.Count > ScanLimit)
        {
            _index = _entries.ToDictionary(e => e.Key, StringComparer.Ordinal);
        }
    }

    /// <summary>A table that sub-tables or dotted keys only implied is now defined.</summary>
    internal void Define(TomlTableOrigin origin, TomlPosition position)
    {
        Origin = origin;
        Position = position;
    }
}

/// <summary>How a table came to be decides who may still extend it (TOML 1.0, sections Keys and Table).</summary>
internal enum TomlTableOrigin
{
    /// <summary>The super-table of a header: one header or the dotted keys of one section may still define it.</summary>
    Implied,

    /// <summary>By its own header: closed to other headers and to dotted keys of other sections.</summary>
    Header,

    /// <summary>By dotted keys: only dotted keys of the same section and headers of sub-tables extend it.</summary>
    Dotted,

    /// <summary>Inline: closed.</summary>
    Inline,
}

/// <summary>One part of a dotted key.</summary>
internal readonly record struct TomlKey(string Name, TomlPosition Position);
