using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Audit;

/// <summary>The files of a log's folder, as <see cref="SpoolLayout"/> names them, or of a copy of it. Only read; the daemon may add and remove segments meanwhile.</summary>
internal sealed class SpoolFolder
{
    /// <summary>A vkey of P-256 has some 300 bytes.</summary>
    private const int MaxKeyBytes = 4096;

    /// <summary>A certificate has some 500 bytes: room for a hundred years of hourly epochs.</summary>
    private const int MaxChainBytes = 512 << 20;

    /// <exception cref="CtlException">There is no such folder, or it is no log's.</exception>
    public SpoolFolder(string path)
    {
        Path = path;
        if (!Directory.Exists(path))
        {
            throw new CtlException($"{path}: no such folder: name the log's with --spool ('directory' of [audit] in edged.toml)");
        }

        if (Segments().Count == 0)
        {
            throw new CtlException($"{path}: holds no segment of an audit log: name the log's folder with --spool ('directory' of [audit] in edged.toml)");
        }
    }

    public string Path { get; }

    /// <summary>The segments that are there now, oldest first.</summary>
    public IReadOnlyList<string> Segments()
    {
        var segments = new SortedList<ulong, string>();
        foreach (string file in Directory.EnumerateFiles(Path))
        {
            if (SpoolLayout.TryParseSegment(System.IO.Path.GetFileName(file), out ulong number))
            {
                segments.Add(number, file);
            }
        }

        return [.. segments.Values];
    }

    /// <summary>The first segment behind that one, as the folder is now; its path is null when there is none.</summary>
    public FollowingSegment After(ulong segment)
    {
        IReadOnlyList<string> segments = Segments();
        for (int at = 0; at < segments.Count; at++)
        {
            if (SpoolLayout.TryParseSegment(System.IO.Path.GetFileName(segments[at]), out ulong number) && number > segment)
            {
                return new FollowingSegment(segments[at], number, at == segments.Count - 1);
            }
        }

        return default;
    }

    /// <summary>The certificates of all epochs; empty while the first one is open. One that a power cut has torn is left out: the log has it.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public byte[] Epochs()
    {
        string file = System.IO.Path.Combine(Path, SpoolLayout.Epochs);
        byte[] notes = File.Exists(file) ? SafeFileRead.Read(file, MaxChainBytes) : [];
        return notes[..EpochChain.WholeLength(notes)];
    }

    /// <summary>What the folder itself says the first key is: no evidence for whoever did not keep it.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="CtlException">It is no vkey.</exception>
    public NoteVerifier FirstKey()
    {
        string file = System.IO.Path.Combine(Path, SpoolLayout.FirstKey);
        return VkeyFile.Parse(System.Text.Encoding.UTF8.GetString(SafeFileRead.Read(file, MaxKeyBytes)), file);
    }
}

/// <summary>The segment behind another one.</summary>
/// <param name="Path">Null: there is none.</param>
/// <param name="Number">The number in its name.</param>
/// <param name="IsNewest">Whether none is behind it.</param>
internal readonly record struct FollowingSegment(string? Path, ulong Number, bool IsNewest);
