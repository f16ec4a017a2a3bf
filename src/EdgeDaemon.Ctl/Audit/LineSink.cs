using System.Buffers;
using System.Text;
using EdgeDaemon.Native.Posix;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Audit;

/// <summary>
/// Where lines of JSON go: gathered in memory, written in pieces, and said to be out only when they are. Standard output is written by system calls of
/// our own (<see cref="StandardOutput"/>): a cursor that moved past lines which a closed pipe swallowed would lose them for good.
/// </summary>
internal sealed class LineSink
{
    /// <summary>Bytes gathered before they are written without being asked to.</summary>
    private const int Piece = 64 * 1024;

    private readonly ArrayBufferWriter<byte> _gathered = new(2 * Piece);
    private readonly TextWriter? _text;
    private readonly LineFile? _file;

    /// <param name="output">Where the command prints; when it is the console, the descriptor below it is used.</param>
    public LineSink(TextWriter output)
    {
        _text = ReferenceEquals(output, Console.Out) ? null : output;

        // What was printed before stays before.
        output.Flush();
    }

    /// <param name="file">The caller's, who closes it.</param>
    public LineSink(LineFile file) => _file = file;

    /// <summary>Where the next line is written to; <see cref="EndLine"/> ends it.</summary>
    public IBufferWriter<byte> Line => _gathered;

    /// <exception cref="IOException">Not all of what was gathered went out.</exception>
    public void EndLine()
    {
        _gathered.Write("\n"u8);
        if (_gathered.WrittenCount >= Piece)
        {
            Write();
        }
    }

    /// <summary>Hands everything on to whoever reads.</summary>
    /// <exception cref="IOException">Not all of it went out.</exception>
    public void Write()
    {
        if (_gathered.WrittenCount == 0)
        {
            return;
        }

        if (_file is not null)
        {
            _file.Write(_gathered.WrittenSpan);
        }
        else if (_text is null)
        {
            StandardOutput.Write(_gathered.WrittenSpan);
        }
        else
        {
            _text.Write(Encoding.UTF8.GetString(_gathered.WrittenSpan));
        }

        _gathered.ResetWrittenCount();
    }

    /// <summary>The same, and where the output is a file its bytes are on the disk afterwards.</summary>
    /// <exception cref="IOException">Not all of it went out, or the disk does not have it.</exception>
    public void WriteDurably()
    {
        Write();
        if (_file is not null)
        {
            _file.Sync();
        }
        else if (_text is null)
        {
            StandardOutput.Sync();
        }
        else
        {
            _text.Flush();
        }
    }
}
