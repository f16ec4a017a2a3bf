using System.Buffers;
using System.Text;

namespace EdgeDaemon.Core.Toml;

/// <summary>Keys, what they may define, and what they may no longer touch (TOML 1.0, sections Keys, Table, Array of Tables).</summary>
internal static class TomlKeys
{
    private static readonly SearchValues<byte> BareKey = SearchValues.Create(
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"u8);

    /// <summary><c>key = value</c> into the table; the cursor is at the key and ends behind the value.</summary>
    public static void ReadAssignment(ref TomlCursor cursor, TomlTable table)
    {
        Read(ref cursor);
        TomlTable owner = table;
        for (int i = 0; i < cursor.Key.Count - 1; i++)
        {
            owner = StepDotted(ref cursor, owner, cursor.Key[i]);
        }

        TomlKey last = cursor.Key[^1];
        if (owner.TryGet(last.Name, out TomlEntry? earlier))
        {
            throw Duplicate(ref cursor, last, earlier);
        }

        if (!cursor.TryTake((byte)'='))
        {
            cursor.Fail($"{cursor.Name()} where '=' should follow the key {TomlText.Quote(last.Name)}");
        }

        cursor.SkipBlanks();
        owner.Add(last, TomlValues.Read(ref cursor, owner.Depth + 1));
    }

    /// <summary><c>[header]</c>: the table that the following lines fill.</summary>
    public static TomlTable OpenTable(ref TomlCursor cursor, TomlTable root, TomlPosition header)
    {
        TomlTable owner = StepHeaders(ref cursor, root);
        TomlKey last = cursor.Key[^1];
        if (!owner.TryGet(last.Name, out TomlEntry? earlier))
        {
            CheckDepth(ref cursor, owner.Depth + 1, header);
            var table = new TomlTable(header, TomlTableOrigin.Header, owner.Depth + 1);
            owner.Add(last, table);
            return table;
        }

        if (earlier.Value is TomlTable { Origin: TomlTableOrigin.Implied } implied)
        {
            implied.Define(TomlTableOrigin.Header, header);
            return implied;
        }

        throw Duplicate(ref cursor, last, earlier);
    }

    /// <summary><c>[[header]]</c>: a new element of the array.</summary>
    public static TomlTable OpenElement(ref TomlCursor cursor, TomlTable root, TomlPosition header)
    {
        TomlTable owner = StepHeaders(ref cursor, root);
        TomlKey last = cursor.Key[^1];
        CheckDepth(ref cursor, owner.Depth + 2, header);
        TomlArray array;
        if (!owner.TryGet(last.Name, out TomlEntry? earlier))
        {
            array = new TomlArray(header, grownByHeaders: true);
            owner.Add(last, array);
        }
        else
        {
            array = earlier.Value is TomlArray { GrownByHeaders: true } grown ? grown : throw Duplicate(ref cursor, last, earlier);
        }

        var element = new TomlTable(header, TomlTableOrigin.Header, owner.Depth + 2);
        array.Add(element);
        return element;
    }

    /// <summary>Reads a dotted key into <see cref="TomlCursor.Key"/> and the blanks behind it.</summary>
    public static void Read(ref TomlCursor cursor)
    {
        cursor.Key.Clear();
        do
        {
            cursor.SkipBlanks();
            TomlPosition position = cursor.PositionOf(cursor.Offset);
            CheckDepth(ref cursor, cursor.Key.Count, position);
            cursor.Key.Add(new TomlKey(ReadPart(ref cursor), position));
            cursor.SkipBlanks();
        }
        while (cursor.TryTake((byte)'.'));
    }

    public static void CheckDepth(ref TomlCursor cursor, int depth, TomlPosition position)
    {
        if (depth > TomlReader.MaxDepth)
        {
            throw cursor.Error(position, $"tables and arrays nested deeper than {TomlReader.MaxDepth}");
        }
    }

    private static string ReadPart(ref TomlCursor cursor)
    {
        if (cursor.Peek is '"' or '\'')
        {
            return TomlStrings.ReadLine(ref cursor);
        }

        int length = cursor.Rest.IndexOfAnyExcept(BareKey);
        length = length < 0 ? cursor.Rest.Length : length;
        if (length == 0)
        {
            cursor.Fail($"{cursor.Name()} where a key should be: other characters than A-Z a-z 0-9 - _ need quotes");
        }

        string part = Encoding.ASCII.GetString(cursor.Rest[..length]);
        cursor.Offset += length;
        return part;
    }

    /// <summary>A dotted key extends only what dotted keys of this section or mere implication made.</summary>
    private static TomlTable StepDotted(ref TomlCursor cursor, TomlTable owner, TomlKey key)
    {
        if (!owner.TryGet(key.Name, out TomlEntry? earlier))
        {
            CheckDepth(ref cursor, owner.Depth + 1, key.Position);
            var table = new TomlTable(key.Position, TomlTableOrigin.Dotted, owner.Depth + 1);
            owner.Add(key, table);
            return table;
        }

        switch (earlier.Value)
        {
            case TomlTable { Origin: TomlTableOrigin.Dotted } dotted:
                return dotted;
            case TomlTable { Origin: TomlTableOrigin.Implied } implied:
                implied.Define(TomlTableOrigin.Dotted, key.Position);
                return implied;
            default:
                throw Closed(ref cursor, key, earlier);
        }
    }

    /// <summary>A header passes through any table that is not inline, and through the last element of an array it may extend.</summary>
    private static TomlTable StepHeaders(ref TomlCursor cursor, TomlTable root)
    {
        TomlTable owner = root;
        for (int i = 0; i < cursor.Key.Count - 1; i++)
        {
            TomlKey key = cursor.Key[i];
            if (!owner.TryGet(key.Name, out TomlEntry? earlier))
            {
                CheckDepth(ref cursor, owner.Depth + 1, key.Position);
                var implied = new TomlTable(key.Position, TomlTableOrigin.Implied, owner.Depth + 1);
                owner.Add(key, implied);
                owner = implied;
                continue;
            }

            owner = earlier.Value switch
            {
                TomlTable { Origin: not TomlTableOrigin.Inline } table => table,
                TomlArray { GrownByHeaders: true } array => (TomlTable)array.Items[^1],
                _ => throw Closed(ref cursor, key, earlier),
            };
        }

        return owner;
    }

    private static TomlException Duplicate(ref TomlCursor cursor, TomlKey key, TomlEntry earlier) => cursor.Error(
        key.Position,
        $"{TomlText.Quote(key.Name)} is already defined on line {earlier.KeyPosition.Line}: remove one of the two");

    private static TomlException Closed(ref TomlCursor cursor, TomlKey key, TomlEntry earlier) => cursor.Error(
        key.Position,
        $"{TomlText.Quote(key.Name)} on line {earlier.KeyPosition.Line} is {earlier.Value.TypeName} that cannot be extended here");
}
