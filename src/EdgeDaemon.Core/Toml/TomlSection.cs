using System.Collections.Immutable;
using System.Globalization;

namespace EdgeDaemon.Core.Toml;

/// <summary>
/// One table read against its schema: each accessor asks for a key, records what is wrong with it and carries on with a
/// stand-in, so that all errors come at once. <see cref="Finish"/> then refuses every key that nobody asked for. A value
/// read here may be used only after <see cref="TomlDiagnostics.ThrowIfAny"/> found nothing.
/// </summary>
public sealed class TomlSection
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

    private string Name(string key) => $"'{_path}{key}'";

    private T Missing<T>(string key, T standIn)
    {
        // Present but of a wrong type: that error stands already.
        if (!_table.TryGet(key, out _))
        {
            _diagnostics.Add(Position, $"missing key '{key}' in {Title}");
        }

        return standIn;
    }

    private T? Take<T>(string key, string expected)
        where T : TomlValue
    {
        _known.Add(key);
        if (!_table.TryGet(key, out TomlEntry? entry))
        {
            return null;
        }

        if (entry.Value is T value)
        {
            return value;
        }

        Wrong(key, entry.Value, expected);
        return null;
    }

    private List<T> Items<T>(string key, int maxCount, string expected)
        where T : TomlValue
    {
        var items = new List<T>();
        if (Take<TomlArray>(key, $"an array, each element {expected}") is not { } array)
        {
            return items;
        }

        if (array.Items.Count > maxCount)
        {
            ErrorAt(key, $"has {array.Items.Count} elements, more than the {maxCount} allowed");
            return items;
        }

        foreach (TomlValue value in array.Items)
        {
            if (value is T item)
            {
                items.Add(item);
            }
            else
            {
                Wrong(key, value, expected, "each element of ");
            }
        }

        return items;
    }

    private ImmutableArray<T> NotEmptyNorRepeated<T>(string key, ImmutableArray<T>.Builder items)
    {
        if (!_table.TryGet(key, out TomlEntry? entry))
        {
            return Missing(key, items.ToImmutable());
        }

        if (entry.Value is TomlArray { Items.Count: 0 })
        {
            ErrorAt(key, "must not be empty");
        }
        else if (items.Distinct().Count() != items.Count)
        {
            ErrorAt(key, "names the same thing twice");
        }

        return items.ToImmutable();
    }

    private bool TryChoose<T>(string key, TomlString found, ReadOnlySpan<(string Word, T Value)> words, out T value)
        where T : struct
    {
        var known = new List<string>(words.Length);
        foreach ((string word, T choice) in words)
        {
            if (word == found.Value)
            {
                value = choice;
                return true;
            }

            known.Add(word);
        }

        string hint = TomlSuggestion.Nearest(found.Value, known) is { } near ? $"; did you mean '{near}'?" : "";
        _diagnostics.Add(
            found.Position,
            $"{Name(key)} must be one of {string.Join(", ", known.Select(w => $"\"{w}\""))}, not {TomlText.Quote(found.Value)}{hint}");
        value = default;
        return false;
    }

    private string Checked(string key, TomlString found, int maxLength, Func<string, string?>? check)
    {
        string? wrong = found.Value.Length > maxLength
            ? $"has {found.Value.Length} characters, more than the {maxLength} allowed"
            : check?.Invoke(found.Value);
        if (wrong is not null)
        {
            _diagnostics.Add(found.Position, $"{Name(key)} {wrong}");
        }

        return found.Value;
    }

    private long Checked(string key, TomlInteger found, long min, long max)
    {
        if (found.Value >= min && found.Value <= max)
        {
            return found.Value;
        }

        _diagnostics.Add(found.Position, $"{Name(key)} must be between {min} and {max}, not {found.Value}");
        return Math.Clamp(found.Value, min, max);
    }

    // Null for no number at all. NaN is between no two numbers.
    private double? Checked(string key, TomlValue found, double min, double max, string which)
    {
        double value;
        switch (found)
        {
            case TomlFloat number:
                value = number.Value;
                break;
            case TomlInteger number:
                value = number.Value;
                break;
            default:
                Wrong(key, found, "a float", which);
                return null;
        }

        if (!(value >= min && value <= max))
        {
            _diagnostics.Add(found.Position, string.Create(CultureInfo.InvariantCulture, $"{which}{Name(key)} must be between {min} and {max}"));
        }

        return value;
    }

    private void Wrong(string key, TomlValue value, string expected, string which = "") =>
        _diagnostics.Add(value.Position, $"{which}{Name(key)} must be {expected}, not {value.TypeName}");

    private TomlSection Child(string key, TomlTable table, string title)
    {
        var child = new TomlSection(table, _diagnostics, $"{_path}{key}.", title);
        _children.Add(child);
        return child;
    }
}
