namespace EdgeDaemon.Ctl.Images;

/// <summary>A place in a netpbm file: blanks, comments from # to the end of the line, and decimal numbers.</summary>
internal ref struct NetpbmCursor(ReadOnlySpan<byte> file)
{
    private readonly ReadOnlySpan<byte> _file = file;

    public int Position { get; private set; }

    public readonly ReadOnlySpan<byte> Rest => _file[Position..];

    public void Skip(int bytes) => Position += bytes;

    public void SkipBlank()
    {
        while (Position < _file.Length && IsBlank(_file[Position]))
        {
            Position++;
        }
    }

    public void OneBlank()
    {
        if (Position >= _file.Length || !IsBlank(_file[Position]))
        {
            throw new ImageException("its header does not end with a blank after the largest value");
        }

        Position++;
    }

    public int Number(string what, int max)
    {
        SkipBlankAndComments();
        int start = Position;
        int value = 0;
        while (Position < _file.Length && _file[Position] is >= (byte)'0' and <= (byte)'9')
        {
            value = (value * 10) + (_file[Position++] - '0');
            if (value > max)
            {
                throw new ImageException($"{what} at byte {start} is above {max}");
            }
        }

        return Position > start ? value : throw new ImageException($"{what} is missing at byte {start}");
    }

    private void SkipBlankAndComments()
    {
        while (true)
        {
            SkipBlank();
            if (Position >= _file.Length || _file[Position] != '#')
            {
                return;
            }

            int end = Rest.IndexOfAny((byte)'\n', (byte)'\r');
            Position = end < 0 ? _file.Length : Position + end;
        }
    }

    private static bool IsBlank(byte value) => value is 9 or 10 or 11 or 12 or 13 or 32;
}
