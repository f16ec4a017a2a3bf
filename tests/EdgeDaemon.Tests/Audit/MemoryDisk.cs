using EdgeDaemon.Audit;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Tests.Audit;

/// <summary>
/// A disk in memory that keeps what is written apart from what was synced, and can be cut off at any call: then of what was not synced any sectors of 512 bytes may be there. It fails when it is
/// told to, by number of the call; a sync that fails leaves its sectors clean and not on the disk, as Linux does, so that a second one brings nothing. Audit keys lie on it too, so that a cut
/// finds both as they were.
/// </summary>
internal sealed class MemoryDisk : ISpoolFiles
{
    public const int NoSpace = 28;
    public const int InputOutput = 5;
    private const int Sector = 512;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Content> _files = [];
    private readonly Dictionary<string, byte[]> _quarantine = [];

    /// <summary>Calls that change something, so far.</summary>
    public int Calls { get; private set; }

    /// <summary>Whether a call fails: its number, what it is (create, write, sync, rename, remove, replace, keep, erase), the file. Null: it does not; else the error.</summary>
    public Func<int, string, string, int?> Fault { get; set; } = (_, _, _) => null;

    /// <summary>Told before each call takes effect, under the disk's lock.</summary>
    public Action<int>? Before { get; set; }

    /// <summary>Told how long each write is.</summary>
    public Action<int>? Wrote { get; set; }

    /// <summary>Runs within each sync, outside the lock.</summary>
    public Action? Syncing { get; set; }

    /// <summary>Runs before something is added to a file's end, outside the lock.</summary>
    public Action? Appending { get; set; }

    /// <summary>Runs before a file is laid out, outside the lock.</summary>
    public Action? Creating { get; set; }

    public long Free { get; set; } = 1L << 40;

    public string Folder => "/memory";

    public AuditKeyStore Keys => new MemoryKeys(this);

    public IReadOnlyDictionary<string, byte[]> Quarantined => _quarantine;

    public IReadOnlyList<string> Names()
    {
        lock (_lock)
        {
            return [.. _files.Keys.Where(name => !name.EndsWith(".key", StringComparison.Ordinal))];
        }
    }

    public IEnumerable<string> KeyNames()
    {
        lock (_lock)
        {
            return [.. _files.Keys.Where(name => name.EndsWith(".key", StringComparison.Ordinal))];
        }
    }

    public long FreeBytes() => Free;

    public ISpoolFile Create(string name, long length)
    {
        Creating?.Invoke();
        Do("create", name, () => _files.Add(name, new Content(new byte[length])));
        return Open(name);
    }

    public ISpoolFile Open(string name)
    {
        lock (_lock)
        {
            _files[name].Name = name;
            return new OpenFile(this, _files[name]);
        }
    }

    public byte[]? Read(string name, int most)
    {
        lock (_lock)
        {
            return _files.TryGetValue(name, out Content? content) ? [.. content.Live] : null;
        }
    }

    public void Append(string name, long end, ReadOnlySpan<byte> bytes)
    {
        byte[] copy = bytes.ToArray();
        Appending?.Invoke();
        Do("append", name, () =>
        {
            byte[] before = _files.TryGetValue(name, out Content? old) ? old.Live.AsSpan(0, (int)end).ToArray() : [];
            var content = new Content([.. before, .. new byte[copy.Length]]);
            copy.CopyTo(content.Live, before.Length);
            content.Touch(end, copy.Length);
            _files[name] = content;
        });
        Do("sync", name, () => _files[name].Keep());
    }

    public void Write(string name, ReadOnlySpan<byte> bytes)
    {
        byte[] copy = bytes.ToArray();
        Do("replace", name, () => _files[name] = new Content(copy));
    }

    public void Rename(string from, string to) => Do("rename", to, () =>
    {
        _files[to] = _files[from];
        _files[to].Name = to;
        _files.Remove(from);
    });

    public void Remove(string name) => Do("remove", name, () => _files.Remove(name));

    public string Quarantine(string name)
    {
        lock (_lock)
        {
            _quarantine[name] = [.. _files[name].Live];
            return "/memory/quarantine/" + name;
        }
    }

    /// <summary>The disk as a power cut now would leave it.</summary>
    /// <param name="random">Which unsynced sectors are there; null: all of them, as after a kill of the process.</param>
    public MemoryDisk Cut(Random? random)
    {
        lock (_lock)
        {
            return CutLocked(random);
        }
    }

    private MemoryDisk CutLocked(Random? random)
    {
        var disk = new MemoryDisk { Free = Free };
        foreach ((string name, Content content) in _files)
        {
            byte[] left = [.. content.Live];
            if (random is not null)
            {
                int mood = random.Next(3); // Nothing, some, or nearly all of it.
                for (int at = 0; at < left.Length; at += Sector)
                {
                    int length = Math.Min(Sector, left.Length - at);
                    if (mood == 0 || (mood == 1 && random.Next(2) == 0) || random.Next(20) == 0)
                    {
                        content.Durable.AsSpan(at, length).CopyTo(left.AsSpan(at));
                    }
                }
            }

            disk._files[name] = new Content(left);
        }

        return disk;
    }

    /// <summary>As it is once the process is killed: everything can be read, and what was not synced still is not.</summary>
    public MemoryDisk Killed()
    {
        lock (_lock)
        {
            var disk = new MemoryDisk { Free = Free };
            foreach ((string name, Content content) in _files)
            {
                disk._files[name] = content.Copy();
            }

            return disk;
        }
    }

    /// <summary>The disk after a power cut that lost everything that was not synced.</summary>
    public MemoryDisk Lost()
    {
        lock (_lock)
        {
            var disk = new MemoryDisk { Free = Free };
            foreach ((string name, Content content) in _files)
            {
                disk._files[name] = new Content([.. content.Durable]);
            }

            return disk;
        }
    }

    /// <summary>A file's bytes, to be read or changed by a test.</summary>
    public byte[] Bytes(string name)
    {
        lock (_lock)
        {
            return _files[name].Live;
        }
    }

    /// <summary>Takes a file away.</summary>
    public void Lose(string name) => _files.Remove(name);

    public void Put(string name, byte[] bytes) => _files[name] = new Content(bytes);

    private void Do(string what, string name, Action effect)
    {
        lock (_lock)
        {
            int call = ++Calls;
            Before?.Invoke(call);
            if (Fault(call, what, name) is { } errno)
            {
                throw new PosixException(what, Folder + "/" + name, errno);
            }

            effect();
        }
    }

    private sealed class Content(byte[] bytes)
    {
        public string Name { get; set; } = "";

        public byte[] Live { get; } = bytes;

        public byte[] Durable { get; private init; } = [.. bytes];

        /// <summary>Sectors that a sync brings to the disk.</summary>
        private HashSet<int> Dirty { get; init; } = [];

        public Content Copy() => new([.. Live]) { Name = Name, Durable = [.. Durable], Dirty = [.. Dirty] };

        public void Touch(long offset, int length)
        {
            for (long sector = offset / Sector; sector * Sector < offset + length; sector++)
            {
                Dirty.Add((int)sector);
            }
        }

        public void Keep()
        {
            foreach (int sector in Dirty)
            {
                int at = sector * Sector;
                Live.AsSpan(at, Math.Min(Sector, Live.Length - at)).CopyTo(Durable.AsSpan(at));
            }

            Dirty.Clear();
        }

        public void Forget() => Dirty.Clear();
    }

    private sealed class OpenFile(MemoryDisk disk, Content content) : ISpoolFile
    {
        public long Length => content.Live.Length;

        public int ReadAt(Span<byte> into, long offset)
        {
            if (offset >= content.Live.Length)
            {
                return 0;
            }

            ReadOnlySpan<byte> rest = content.Live.AsSpan((int)offset);
            rest = rest[..Math.Min(rest.Length, into.Length)];
            rest.CopyTo(into);
            return rest.Length;
        }

        public void WriteAt(ReadOnlySpan<byte> data, long offset)
        {
            byte[] copy = data.ToArray();
            if (offset + copy.Length > content.Live.Length)
            {
                throw new ArgumentOutOfRangeException(nameof(data));
            }

            lock (disk._lock)
            {
                int call = ++disk.Calls;
                disk.Wrote?.Invoke(copy.Length);
                disk.Before?.Invoke(call);
                int? errno = disk.Fault(call, "write", content.Name);

                // A write that fails has written something of it, as one that was cut short has.
                int length = errno is null ? copy.Length : copy.Length / 2;
                copy.AsSpan(0, length).CopyTo(content.Live.AsSpan((int)offset));
                content.Touch(offset, length);
                if (errno is { } number)
                {
                    throw new PosixException("write", content.Name, number);
                }
            }
        }

        public void Sync()
        {
            disk.Syncing?.Invoke();
            try
            {
                disk.Do("sync", content.Name, content.Keep);
            }
            catch (PosixException)
            {
                lock (disk._lock)
                {
                    content.Forget();
                }

                throw;
            }
        }

        public void Dispose()
        {
        }
    }

    private sealed class MemoryKeys(MemoryDisk disk) : AuditKeyStore
    {
        public override byte[]? Read(long epoch) => disk.Read(Name(epoch), 4096);

        public override void Keep(long epoch, ReadOnlySpan<byte> key)
        {
            byte[] copy = key.ToArray();
            disk.Do("keep", Name(epoch), () => disk._files[Name(epoch)] = new Content(copy));
        }

        public override void Erase(long epoch) => disk.Do("erase", Name(epoch), () => disk._files.Remove(Name(epoch)));

        private static string Name(long epoch) => $"epoch-{epoch}.key";
    }
}
