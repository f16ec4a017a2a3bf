using System.Collections.Immutable;

namespace EdgeDaemon.Core.Toml;

/// <summary>
/// One table read against its schema: each accessor asks for a key, records what is wrong with it and carries on with a
/// stand-in, so that all errors come at once. <see cref="Finish"/> then refuses every key that nobody asked for. A value
/// read here may be used only after <see cref="TomlDiagnostics.ThrowIfAny"/> found nothing.
/// </summary>
public sealed partial class TomlSection
{
    private readonly TomlTable _table;
    private readonly TomlDiagnostics _diagnostics;
    private readonly string _path;
    private readonly SortedSet<string> _known = new(StringComparer.Ordinal);
    private readonly List<TomlSection> _children = [];

    public TomlSection(TomlTable table, TomlDiagnostics diagnostics)
        : this(table, diagnostics, "", "the file")
    {
    }

    private TomlSection(TomlTable table, TomlDiagnostics diagnostics, string path, string title)
    {
        _table = table;
        _diagnostics = diagnostics;
        _path = path;
        Title = title;
    }

    /// <summary>How messages call it: <c>the file</c>, <c>[limits]</c>, <c>[[listen]]</c>.</summary>
    public string Title { get; }

    /// <summary>Where the table begins; errors about missing keys point here.</summary>
    public TomlPosition Position => _table.Position;

    /// <summary>
    /// The law of every file of ours: <c>format</c> is the first key, and a number this program knows. False when it is
    /// another number: then no other message about the file would mean anything.
    /// </summary>
    public bool Format(long expected)
    {
        _known.Add("format");
        TomlEntry? first = _table.Entries.Count > 0 ? _table.Entries[0] : null;
        if (first?.Key != "format")
        {
            bool later = _table.TryGet("format", out TomlEntry? entry);
            _diagnostics.Add(
                later ? entry!.KeyPosition : new TomlPosition(1, 1),
                $"'format = {expected}' must be the first key of the file: {(later ? "move it to the top" : "add it at the top")}");
            first = entry;
        }

        if (first is null || first.Value is TomlInteger { Value: var format } && format == expected)
        {
            return true;
        }

        _diagnostics.Add(first.Value.Position, $"this program reads format {expected} of this file, and no other");
        return false;
    }

    public bool Has(string key)
    {
        _known.Add(key);
        return _table.TryGet(key, out _);
    }

    /// <param name="key">The key; missing is an error.</param>
    /// <param name="maxLength">In UTF-16 units.</param>
    /// <param name="check">Null when the text is right, else what is wrong and what to do.</param>
    public string RequiredString(string key, int maxLength = 256, Func<string, string?>? check = null) =>
        OptionalString(key, maxLength, check) ?? Missing(key, "");

    public string String(string key, string fallback, int maxLength = 256, Func<string, string?>? check = null) =>
        OptionalString(key, maxLength, check) ?? fallback;

    public string? OptionalString(string key, int maxLength = 256, Func<string, string?>? check = null) =>
        Take<TomlString>(key, "a string") is { } found ? Checked(key, found, maxLength, check) : null;

    public long RequiredInteger(string key, long min, long max) => OptionalInteger(key, min, max) ?? Missing(key, min);

    public long Integer(string key, long fallback, long min, long max) => OptionalInteger(key, min, max) ?? fallback;

    public int Integer(string key, int fallback, int min, int max) => (int)(OptionalInteger(key, min, max) ?? fallback);

    public long? OptionalInteger(string key, long min, long max) =>
        Take<TomlInteger>(key, "an integer") is { } found ? Checked(key, found, min, max) : null;

    /// <summary>A finite number; an integer will do where a float is asked for.</summary>
    public double Float(string key, double fallback, double min, double max) =>
        Take<TomlValue>(key, "a float") is { } found ? Checked(key, found, min, max, "") ?? fallback : fallback;

    /// <summary>Finite numbers in order, integers among them if they like; null when the key is missing.</summary>
    public ImmutableArray<double>? OptionalFloats(string key, int maxCount, double min, double max) =>
        Has(key) ? [.. Items<TomlValue>(key, maxCount, "a float").Select(item => Checked(key, item, min, max, "each element of ") ?? min)] : null;

    public bool Boolean(string key, bool fallback) => Take<TomlBoolean>(key, "true or false")?.Value ?? fallback;

    public DateTimeOffset RequiredDateTime(string key) => OptionalDateTime(key) ?? Missing(key, DateTimeOffset.MinValue);

    /// <summary>An instant, in UTC.</summary>
    public DateTimeOffset? OptionalDateTime(string key)
    {
        if (Take<TomlOffsetDateTime>(key, "a date-time with an offset, like 2026-01-31T12:00:00Z") is not { } found)
        {
            return null;
        }

        if (!found.TryGetInstant(out DateTimeOffset instant))
        {
            ErrorAt(key, "must lie within the years 1 to 9999 in UTC");
        }

        return instant;
    }

    /// <summary>One of a closed list of words.</summary>
    public T Choice<T>(string key, T fallback, params ReadOnlySpan<(string Word, T Value)> words)
        where T : struct
    {
        if (Take<TomlString>(key, "a string") is not { } found)
        {
            return fallback;
        }

        return TryChoose(key, found, words, out T value) ? value : fallback;
    }

    /// <inheritdoc cref="Choice"/>
    public T RequiredChoice<T>(string key, params ReadOnlySpan<(string Word, T Value)> words)
        where T : struct
    {
        T stand = words[0].Value;
        return Has(key) ? Choice(key, stand, words) : Missing(key, stand);
    }

    /// <summary>Required, at least one word, no word twice.</summary>
    public ImmutableArray<T> RequiredChoices<T>(string key, params ReadOnlySpan<(string Word, T Value)> words)
        where T : struct
    {
        var chosen = ImmutableArray.CreateBuilder<T>();
        foreach (TomlString item in Items<TomlString>(key, words.Length, "a string"))
        {
            if (TryChoose(key, item, words, out T value))
            {
                chosen.Add(value);
            }
        }

        return NotEmptyNorRepeated(key, chosen);
    }

    /// <summary>Required, at least one text, no text twice.</summary>
    public ImmutableArray<string> RequiredStrings(string key, int maxCount, int maxLength = 256, Func<string, string?>? check = null)
    {
        var texts = ImmutableArray.CreateBuilder<string>();
        foreach (TomlString item in Items<TomlString>(key, maxCount, "a string"))
        {
            texts.Add(Checked(key, item, maxLength, check));
        }

        return NotEmptyNorRepeated(key, texts);
    }

    /// <summary>Optional, empty when missing; no text twice.</summary>
    public ImmutableArray<string> Strings(string key, int maxCount, int maxLength = 256, Func<string, string?>? check = null)
    {
        ImmutableArray<string> texts = [.. Items<TomlString>(key, maxCount, "a string").Select(item => Checked(key, item, maxLength, check))];
        if (texts.Distinct().Count() != texts.Length)
        {
            ErrorAt(key, "names the same thing twice");
        }

        return texts;
    }

    /// <summary>One or more of a closed list of words, none twice; what is given when the key is missing.</summary>
    public ImmutableArray<T> Choices<T>(string key, ImmutableArray<T> fallback, params ReadOnlySpan<(string Word, T Value)> words)
        where T : struct
    {
        _known.Add(key);
        return Has(key) ? RequiredChoices(key, words) : fallback;
    }

    /// <summary>Required, may be empty.</summary>
    public ImmutableArray<long> RequiredIntegers(string key, int maxCount, long min, long max)
    {
        if (!Has(key))
        {
            return Missing(key, ImmutableArray<long>.Empty);
        }

        return [.. Items<TomlInteger>(key, maxCount, "an integer").Select(item => Checked(key, item, min, max))];
    }

    /// <summary>A sub-table; null when there is none.</summary>
    public TomlSection? Table(string key) =>
        Take<TomlTable>(key, "a table") is { } found ? Child(key, found, $"[{_path}{key}]") : null;

    /// <summary>An array of tables in order, empty when there is none. An inline array of inline tables is the same thing.</summary>
    /// <param name="key">The key.</param>
    /// <param name="maxCount">More are refused, unread.</param>
    /// <param name="whenNone">The error when the key is missing or its array is empty; null when none is needed.</param>
    public IReadOnlyList<TomlSection> Tables(string key, int maxCount, string? whenNone = null)
    {
        if (whenNone is not null && (!_table.TryGet(key, out TomlEntry? entry) || entry.Value is TomlArray { Items.Count: 0 }))
        {
            ErrorAt(key, whenNone);
        }

        return [.. Items<TomlTable>(key, maxCount, "a table").Select(item => Child(key, item, $"[[{_path}{key}]]"))];
    }

    /// <summary>Records an error at the value of a key, or at the table when the key is missing.</summary>
    public void ErrorAt(string key, string what) =>
        _diagnostics.Add(_table.TryGet(key, out TomlEntry? entry) ? entry.Value.Position : Position, $"{Name(key)} {what}");

    /// <summary>Where the value of a key stands (the table, when it is missing), as messages begin: <c>file:line:column</c>. For what can be judged only where the device is known.</summary>
    public string Place(string key)
    {
        TomlPosition at = _table.TryGet(key, out TomlEntry? entry) ? entry.Value.Position : Position;
        return $"{_diagnostics.File}:{at.Line}:{at.Column}";
    }

    /// <summary>Records an error about the table as a whole.</summary>
    public void Error(string what) => _diagnostics.Add(Position, what);

    /// <summary>Reports every key that no accessor asked for, here and in the tables that were taken from here.</summary>
    public void Finish()
    {
        foreach (TomlEntry entry in _table.Entries)
        {
            if (!_known.Contains(entry.Key))
            {
                string hint = !_diagnostics.IsFull && TomlSuggestion.Nearest(entry.Key, _known) is { } near
                    ? $"did you mean '{near}'?"
                    : $"known here: {string.Join(", ", _known)}";
                _diagnostics.Add(entry.KeyPosition, $"unknown key {TomlText.Quote(entry.Key)} in {Title}; {hint}");
            }
        }

        _children.ForEach(child => child.Finish());
    }
}
