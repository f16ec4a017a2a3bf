using System.Collections.Immutable;
using System.Globalization;

namespace EdgeDaemon.Core.Toml;

/// <summary>What was found against what was asked for, and how the difference is said.</summary>
public sealed partial class TomlSection
{
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
