namespace EdgeDaemon.Core.Toml;

/// <summary>Any value; arrays and inline tables nest no deeper than <see cref="TomlReader.MaxDepth"/>, so neither does the stack.</summary>
internal static class TomlValues
{
    /// <param name="cursor">At the first byte of the value.</param>
    /// <param name="depth">How many tables and arrays enclose the value.</param>
    public static TomlValue Read(ref TomlCursor cursor, int depth) => cursor.Peek switch
    {
        '"' or '\'' => ReadString(ref cursor),
        '[' => ReadArray(ref cursor, depth),
        '{' => ReadInlineTable(ref cursor, depth),
        _ => TomlScalars.Read(ref cursor),
    };

    private static TomlString ReadString(ref TomlCursor cursor)
    {
        TomlPosition position = cursor.PositionOf(cursor.Offset);
        return new TomlString(TomlStrings.ReadValue(ref cursor), position);
    }

    private static TomlArray ReadArray(ref TomlCursor cursor, int depth)
    {
        TomlPosition position = cursor.PositionOf(cursor.Offset);
        TomlKeys.CheckDepth(ref cursor, depth, position);
        var array = new TomlArray(position, grownByHeaders: false);
        cursor.Offset++;
        while (true)
        {
            cursor.SkipLines();
            if (cursor.TryTake((byte)']'))
            {
                return array;
            }

            array.Add(Read(ref cursor, depth + 1));
            cursor.SkipLines();
            if (!cursor.TryTake((byte)',') && cursor.Peek != ']')
            {
                throw cursor.Peek == -1
                    ? cursor.Error(position, "array without closing ]")
                    : cursor.Error(cursor.Offset, $"{cursor.Name()} in an array where ',' or ']' should be");
            }
        }
    }

    private static TomlTable ReadInlineTable(ref TomlCursor cursor, int depth)
    {
        TomlPosition position = cursor.PositionOf(cursor.Offset);
        TomlKeys.CheckDepth(ref cursor, depth, position);
        var table = new TomlTable(position, TomlTableOrigin.Inline, depth);
        cursor.Offset++;
        cursor.SkipBlanks();
        if (cursor.TryTake((byte)'}'))
        {
            return table;
        }

        while (true)
        {
            TomlKeys.ReadAssignment(ref cursor, table);
            cursor.SkipBlanks();
            if (cursor.TryTake((byte)'}'))
            {
                return table;
            }

            if (!cursor.TryTake((byte)','))
            {
                cursor.Fail($"{cursor.Name()} in an inline table where ',' or '}}' should be (an inline table stands on one line)");
            }

            cursor.SkipBlanks();
            if (cursor.Peek == '}')
            {
                cursor.Fail("an inline table has no comma behind its last value");
            }
        }
    }
}
