using EdgeDaemon.Core.Audit.Segments;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Audit;

/// <summary>A folder's segments as the verifier reads them: opened when they are needed, closed when it is done with them. Each is read by one thread at a time.</summary>
internal sealed class SegmentFiles : IDisposable
{
    private readonly List<Segment> _segments = [];
    private readonly Action<long> _progress;
    private readonly Lock _progressing = new();
    private long _read;

    /// <param name="paths">In the order of their numbers.</param>
    /// <param name="progress">Told how many bytes were read so far, of all.</param>
    public SegmentFiles(IEnumerable<string> paths, Action<long> progress)
    {
        _progress = progress;
        foreach (string path in paths)
        {
            _segments.Add(new Segment(this, path));
        }
    }

    public IReadOnlyList<ISegmentBytes> All => _segments;

    /// <summary>Bytes of all files as they were found.</summary>
    public long Bytes
    {
        get
        {
            long bytes = 0;
            foreach (Segment segment in _segments)
            {
                bytes += segment.Length;
            }

            return bytes;
        }
    }

    public void Dispose() => _segments.ForEach(segment => segment.Close());

    private void Read(int bytes)
    {
        lock (_progressing)
        {
            _read += bytes;
            _progress(_read);
        }
    }

    private sealed class Segment(SegmentFiles owner, string path) : ISegmentBytes
    {
        private FileStream? _file;

        public string Name => path;

        // Of the file itself, not of a link to it, which is followed.
        public long Length { get; } = LengthOf(path);

        public int Read(long offset, Span<byte> into)
        {
            _file ??= SafeFileRead.OpenRegular(path);
            int done = 0;
            for (int read; done < into.Length && (read = RandomAccess.Read(_file.SafeFileHandle, into[done..], offset + done)) > 0; done += read)
            {
            }

            owner.Read(done);
            return done;
        }

        public void Close()
        {
            _file?.Dispose();
            _file = null;
        }

        private static long LengthOf(string path)
        {
            using FileStream file = SafeFileRead.OpenRegular(path);
            return RandomAccess.GetLength(file.SafeFileHandle);
        }
    }
}
