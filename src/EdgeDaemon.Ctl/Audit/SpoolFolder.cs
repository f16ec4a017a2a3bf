using System.Globalization;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Ctl.Audit;

/// <summary>
/// The segments of a spool's folder, in the order that their headers state: names do not count, so that copies collected as evidence can be read as well.
/// What is no segment (the file laid out ahead, the reserve, the daemon's own) is passed over. Only read.
/// </summary>
internal sealed class SpoolFolder
{
    private const int NoEntry = 2; // ENOENT

    private readonly Dictionary<string, ulong> _known = new(StringComparer.Ordinal);
    private SortedList<ulong, string> _segments = [];

    /// <exception cref="CtlException">There is no such folder.</exception>
    public SpoolFolder(string path)
    {
        if (!Directory.Exists(path))
        {
            throw new CtlException($"{path}: no such folder: name the spool's with --spool ('directory' of [audit] in edged.toml)");
        }

        Path = path;
        Refresh();
        if (_segments.Count == 0)
        {
            throw new CtlException($"{path}: holds no segment of an audit log: is it the spool's folder ('directory' of [audit] in edged.toml)?");
        }
    }

    public string Path { get; }

    /// <summary>Bytes of all segments' files, with what was laid out ahead in them.</summary>
    public long Bytes
    {
        get
        {
            long bytes = 0;
            foreach (string segment in _segments.Values)
            {
                bytes += new FileInfo(segment).Length;
            }

            return bytes;
        }
    }

    /// <summary>Paths of the segments that are there now, oldest first.</summary>
    /// <exception cref="CtlException">Two files say that they are the same segment.</exception>
    public IReadOnlyList<string> Segments()
    {
        Refresh();
        return [.. _segments.Values];
    }

    /// <summary>The first segment behind that one, as the folder is now; null when there is none.</summary>
    public string? After(ulong segment)
    {
        Refresh();
        foreach ((ulong number, string path) in _segments)
        {
            if (number > segment)
            {
                return path;
            }
        }

        return null;
    }

    private void Refresh()
    {
        var segments = new SortedList<ulong, string>();
        foreach (string file in Directory.EnumerateFiles(Path))
        {
            // Once a segment, always that segment: only what was none before is looked into again.
            if (!_known.TryGetValue(file, out ulong number))
            {
                if (!TryNumber(file, out number))
                {
                    continue;
                }

                _known.Add(file, number);
            }

            if (!segments.TryAdd(number, file))
            {
                throw new CtlException(string.Create(CultureInfo.InvariantCulture, $"{file}: is segment {number}, and so is {segments[number]}: put one of them elsewhere"));
            }
        }

        _segments = segments;
    }

    private static bool TryNumber(string file, out ulong number)
    {
        number = 0;
        try
        {
            using SpoolSegment? segment = SpoolSegment.TryOpen(file, out _);
            number = segment?.Header.Segment ?? 0;
            return segment is not null;
        }
        catch (PosixException gone) when (gone.Errno == NoEntry)
        {
            // Retention removes segments while this looks.
            return false;
        }
    }
}
