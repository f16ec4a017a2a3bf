using System.Text;
using System.Text.Unicode;

namespace EdgeDaemon.Core.Toml;

/// <summary>
/// Strict TOML 1.0 (toml.io/en/v1.0.0; nothing of 1.1) from UTF-8 to values that know their place. Time and memory are
/// linear in the text, the stack is bounded by <see cref="MaxDepth"/>.
/// </summary>
public static class TomlReader
{
    /// <summary>How many tables and arrays may enclose a table or an array, the file itself being the first.</summary>
    public const int MaxDepth = 64;

    /// <summary>Default cap on the text, bytes: far above any real file, far below what would hurt.</summary>
    public const int DefaultMaxBytes = 1 << 20;

    /// <param name="utf8">The text; one byte order mark at its start is skipped.</param>
    /// <param name="file">The name that messages begin with.</param>
    /// <param name="maxBytes">A longer text is refused before it is looked at.</param>
    /// <exception cref="TomlException">The first thing that is not TOML 1.0, with its line and column.</exception>
    public static TomlTable Read(ReadOnlySpan<byte> utf8, string file, int maxBytes = DefaultMaxBytes)
    {
        if (utf8.Length > maxBytes)
        {
            throw new TomlException(new TomlDiagnostic(file, 1, 1, $"the file has {utf8.Length} bytes, more than the {maxBytes} allowed"));
        }

        var cursor = new TomlCursor(utf8, file);
        if (!Utf8.IsValid(utf8))
        {
            throw cursor.Error(FirstInvalid(utf8), "not UTF-8: save the file as UTF-8");
        }

        var root = new TomlTable(new TomlPosition(1, 1), TomlTableOrigin.Header, depth: 0);
        TomlTable section = root;
        while (true)
        {
            cursor.SkipLines();
            switch (cursor.Peek)
            {
                case -1:
                    return root;
                case '[':
                    section = ReadHeader(ref cursor, root);
                    break;
                default:
                    TomlKeys.ReadAssignment(ref cursor, section);
                    break;
            }

            cursor.ExpectLineEnd();
        }
    }

    private static TomlTable ReadHeader(ref TomlCursor cursor, TomlTable root)
    {
        TomlPosition header = cursor.PositionOf(cursor.Offset);
        cursor.Offset++;
        bool element = cursor.TryTake((byte)'[');
        TomlKeys.Read(ref cursor);
        if (!cursor.TryTake((byte)']') || (element && !cursor.TryTake((byte)']')))
        {
            cursor.Fail($"{cursor.Name()} where {(element ? "']]'" : "']'")} should close the header");
        }

        return element ? TomlKeys.OpenElement(ref cursor, root, header) : TomlKeys.OpenTable(ref cursor, root, header);
    }

    private static int FirstInvalid(ReadOnlySpan<byte> utf8)
    {
        int offset = 0;
        while (Rune.DecodeFromUtf8(utf8[offset..], out _, out int length) == System.Buffers.OperationStatus.Done)
        {
            offset += length;
        }

        return offset;
    }
}
