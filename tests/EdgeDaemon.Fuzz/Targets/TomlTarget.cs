using System.Globalization;
using System.Text;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Fuzz.Targets;

/// <summary>TOML text to values; strings and keys as hex of their UTF-8, so that a line is a line and order is byte order.</summary>
internal sealed class TomlTarget : FuzzTarget
{
    public override string Name => "toml";

    public override string Oracle => "toml.py";

    public override IReadOnlyList<byte[]> Dictionary { get; } =
    [
        .. ((string[])["[", "]", "[[", "]]", "{", "}", "=", ".", ",", "\"", "'", "\"\"\"", "'''", "\n", "\r\n", "\r", "#", "\\u00e9", "\\U0001F600", "\\uD800", "\\x41", "inf", "nan", "true",
            "false", "0x1F", "0o17", "0b11", "1_000", "1__0", "1e5", "2026-01-31T12:00:00Z", "2026-01-31", "12:00:00.5", "1979-05-27 07:32:00-07:00", "a.b = 1\n", "[a.b]\n", "[[a]]\n", "\u00e9", "\0", "\t"])
            .Select(Encoding.UTF8.GetBytes),
    ];

    public override string Judge(ReadOnlySpan<byte> input)
    {
        try
        {
            var text = new StringBuilder("accept ");
            Write(text, TomlReader.Read(input, "fuzz"));
            return text.ToString();
        }
        catch (TomlException refused) when (refused.Diagnostic is { Line: >= 1, Column: >= 1 })
        {
            return "reject";
        }
    }

    private static void Write(StringBuilder text, TomlValue value)
    {
        switch (value)
        {
            case TomlTable table:
                text.Append('{');
                foreach (TomlEntry entry in table.Entries.OrderBy(entry => Hex(entry.Key), StringComparer.Ordinal))
                {
                    text.Append(Hex(entry.Key)).Append(':');
                    Write(text, entry.Value);
                    text.Append(';');
                }

                text.Append('}');
                break;
            case TomlArray array:
                text.Append('[');
                foreach (TomlValue item in array.Items)
                {
                    Write(text, item);
                    text.Append(',');
                }

                text.Append(']');
                break;
            case TomlString found:
                text.Append('s').Append(Hex(found.Value));
                break;
            case TomlInteger found:
                text.Append('i').Append(found.Value.ToString(CultureInfo.InvariantCulture));
                break;
            case TomlFloat found:
                text.Append('f').Append(double.IsNaN(found.Value) ? "nan" : BitConverter.DoubleToUInt64Bits(found.Value).ToString("x16", CultureInfo.InvariantCulture));
                break;
            case TomlBoolean found:
                text.Append(found.Value ? 'T' : 'F');
                break;
            case TomlOffsetDateTime found:
                text.Append('o').Append(Moment(found.Local)).Append(((int)found.Offset.TotalMinutes).ToString("+0;-0;+0", CultureInfo.InvariantCulture));
                break;
            case TomlLocalDateTime found:
                text.Append('l').Append(Moment(found.Value));
                break;
            case TomlLocalDate found:
                text.Append('d').Append(found.Value.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
                break;
            case TomlLocalTime found:
                text.Append('t').Append(found.Value.ToString("HH:mm:ss.ffffff", CultureInfo.InvariantCulture));
                break;
            default:
                throw new InvalidOperationException(value.GetType().Name);
        }
    }

    private static string Moment(DateTime value) => value.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff", CultureInfo.InvariantCulture);

    private static string Hex(string text) => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text));
}
