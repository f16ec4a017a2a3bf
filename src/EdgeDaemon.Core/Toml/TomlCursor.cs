using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace EdgeDaemon.Core.Toml;

/// <summary>Where the reader stands in the text: single bytes, blanks, comments, line ends, and positions for messages.</summary>
internal ref struct TomlCursor
{
    /// <summary>What TOML forbids in comments and on one line of a string: control characters but tab.</summary>
    private static readonly SearchValues<byte> Controls = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Where(b => b != '\t').Select(b => (byte)b), 0x7F]);

    private readonly ReadOnlySpan<byte> _text;
    private readonly string _file;
    private int _markOffset;
    private int _markLine = 1;
    private int _markColumn = 1;

    public TomlCursor(ReadOnlySpan<byte> text, string file)
    {
        _text = text;
        _file = file;
        Offset = text.StartsWith("\uFEFF"u8) ? 3 : 0;
        _markOffset = Offset;
    }

    public int Offset { get; set; }

    /// <summary>The parts of the key read last, one list for all keys.</summary>
    public List<TomlKey> Key { get; } = [];

    /// <summary>The byte at the cursor, -1 at the end.</summary>
    public readonly int Peek => Offset < _text.Length ? _text[Offset] : -1;

    public readonly ReadOnlySpan<byte> Rest => _text[Offset..];

    public static bool IsControl(byte value) => Controls.Contains(value);

    public bool TryTake(byte expected)
    {
        if (Peek != expected)
        {
            return false;
        }

        Offset++;
        return true;
    }

    public void SkipBlanks()
    {
        int length = Rest.IndexOfAnyExcept((byte)' ', (byte)'\t');
        Offset = length < 0 ? _text.Length : Offset + length;
    }

    /// <summary>Takes LF or CR LF. A CR alone is refused: some editors show it as a line end, TOML does not.</summary>
    public bool TryTakeNewline()
    {
        if (Peek == '\r' && Rest.Length > 1 && Rest[1] == '\n')
        {
            Offset += 2;
            return true;
        }

        return TryTake((byte)'\n');
    }

    /// <summary>Takes a comment up to its line end, if one begins here.</summary>
    public void SkipComment()
    {
        if (Peek != '#')
        {
            return;
        }

        int length = Rest.IndexOfAny(Controls);
        Offset = length < 0 ? _text.Length : Offset + length;
        if (Peek != -1 && !AtNewline())
        {
            throw Error(Offset, $"{Name()} is not allowed in a comment");
        }
    }

    /// <summary>Blanks, comments and line ends: what may stand between the elements of an array.</summary>
    public void SkipLines()
    {
        do
        {
            SkipBlanks();
            SkipComment();
        }
        while (TryTakeNewline());
    }

    /// <summary>After a statement nothing but a comment may stand on its line.</summary>
    public void ExpectLineEnd()
    {
        SkipBlanks();
        SkipComment();
        if (Peek != -1 && !TryTakeNewline())
        {
            throw Error(Offset, $"{Name()} after the end of a statement: start a new line, or put '#' before a comment");
        }
    }

    public readonly bool AtNewline() => Peek == '\n' || (Peek == '\r' && Rest.Length > 1 && Rest[1] == '\n');

    /// <summary>
    /// The position of an offset. Offsets that never go back cost one pass over the text in all, so that a file
    /// of one line cannot make positions quadratic.
    /// </summary>
    public TomlPosition PositionOf(int offset)
    {
        if (offset < _markOffset)
        {
            var again = new TomlCursor(_text, _file);
            return offset < again._markOffset ? new TomlPosition(1, 1) : again.PositionOf(offset);
        }

        for (; _markOffset < offset; _markOffset++)
        {
            byte b = _text[_markOffset];
            if (b == '\n')
            {
                _markLine++;
                _markColumn = 1;
            }
            else if ((b & 0xC0) != 0x80)
            {
                _markColumn++;
            }
        }

        return new TomlPosition(_markLine, _markColumn);
    }

    public TomlException Error(int offset, string message) => Error(PositionOf(offset), message);

    public readonly TomlException Error(TomlPosition position, string message) =>
        new(new TomlDiagnostic(_file, position.Line, position.Column, message));

    /// <summary>What stands at the cursor, for a message.</summary>
    public readonly string Name() => TomlText.NameFirst(Rest);

    [DoesNotReturn]
    public void Fail(string message) => throw Error(Offset, message);
}
