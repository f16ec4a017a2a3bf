using System.Globalization;
using System.Text.Json;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Tests.Toml;

/// <summary>The expected values of toml-test: each scalar is <c>{"type": ..., "value": text}</c>.</summary>
internal static class TaggedJson
{
    /// <summary>Null when the values agree, else where and how they differ.</summary>
    public static string? Difference(JsonElement expected, TomlValue actual, string path = "$") => expected.ValueKind switch
    {
        JsonValueKind.Array => ArrayDifference(expected, actual, path),
        JsonValueKind.Object when IsScalar(expected) => Scalar(expected, actual) ? null : $"{path}: expected {expected}, was {actual.TypeName}",
        JsonValueKind.Object => TableDifference(expected, actual, path),
        _ => $"{path}: not tagged JSON",
    };

    private static bool IsScalar(JsonElement element) =>
        element.EnumerateObject().Count() == 2
        && element.TryGetProperty("type", out JsonElement type) && type.ValueKind == JsonValueKind.String
        && element.TryGetProperty("value", out JsonElement value) && value.ValueKind == JsonValueKind.String;

    private static string? ArrayDifference(JsonElement expected, TomlValue actual, string path)
    {
        if (actual is not TomlArray array)
        {
            return $"{path}: expected an array, was {actual.TypeName}";
        }

        if (array.Items.Count != expected.GetArrayLength())
        {
            return $"{path}: expected {expected.GetArrayLength()} elements, was {array.Items.Count}";
        }

        return expected.EnumerateArray().Select((item, i) => Difference(item, array.Items[i], $"{path}[{i}]")).FirstOrDefault(d => d is not null);
    }

    private static string? TableDifference(JsonElement expected, TomlValue actual, string path)
    {
        if (actual is not TomlTable table)
        {
            return $"{path}: expected a table, was {actual.TypeName}";
        }

        if (table.Entries.Count != expected.EnumerateObject().Count())
        {
            return $"{path}: expected {expected.EnumerateObject().Count()} keys, was {table.Entries.Count}";
        }

        foreach (JsonProperty property in expected.EnumerateObject())
        {
            string? difference = table.TryGet(property.Name, out TomlEntry? entry)
                ? Difference(property.Value, entry.Value, $"{path}.{property.Name}")
                : $"{path}: the key '{property.Name}' is missing";
            if (difference is not null)
            {
                return difference;
            }
        }

        return null;
    }

    private static bool Scalar(JsonElement expected, TomlValue actual)
    {
        string text = expected.GetProperty("value").GetString()!;
        return (expected.GetProperty("type").GetString(), actual) switch
        {
            ("string", TomlString found) => found.Value == text,
            ("integer", TomlInteger found) => found.Value == long.Parse(text, CultureInfo.InvariantCulture),
            ("float", TomlFloat found) => Float(text).Equals(found.Value),
            ("bool", TomlBoolean found) => found.Value == (text == "true"),
            ("datetime", TomlOffsetDateTime found) => found.TryGetInstant(out DateTimeOffset instant) && instant == Instant(text),
            ("datetime-local", TomlLocalDateTime found) => found.Value == DateTime.Parse(text, CultureInfo.InvariantCulture),
            ("date-local", TomlLocalDate found) => found.Value == DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture),
            ("time-local", TomlLocalTime found) => found.Value == TimeOnly.Parse(text, CultureInfo.InvariantCulture),
            _ => false,
        };
    }

    private static DateTimeOffset Instant(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private static double Float(string text) => text switch
    {
        "inf" or "+inf" => double.PositiveInfinity,
        "-inf" => double.NegativeInfinity,
        "nan" or "+nan" or "-nan" => double.NaN,
        _ => double.Parse(text, CultureInfo.InvariantCulture),
    };
}
