using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace EdgeDaemon.Native.Posix;

/// <summary>One open file or directory, by descriptor: what is checked through it is what is read through it, whatever its name becomes.</summary>
internal sealed unsafe class Descriptor : SafeHandleMinusOneIsInvalid
{
    private readonly string _path;

    private Descriptor(int descriptor, string path)
        : base(ownsHandle: true)
    {
        _path = path;
        SetHandle(descriptor);
    }

    /// <summary>A path to this very file, whatever its own name stands for by now; valid in this process while it is open.</summary>
    public string ProcessPath => $"/proc/self/fd/{Number}";

    // Valid while this object is: every caller holds it in a using or a field.
    private int Number => IsClosed ? throw new ObjectDisposedException(_path) : (int)handle;

    /// <summary>Opens a path as the process sees it; null <paramref name="beneath"/> means from the working directory.</summary>
    /// <param name="beneath">The directory that must not be left, with no link followed on the way.</param>
    /// <param name="name">The path, relative to <paramref name="beneath"/> when that is given.</param>
    /// <param name="flags">open(2)'s; close-on-exec and no controlling terminal are added.</param>
    /// <param name="mode">Permissions of a file that is created.</param>
    /// <exception cref="PosixException">The path could not be opened.</exception>
    public static Descriptor Open(Descriptor? beneath, string name, int flags, uint mode = 0)
    {
        string path = beneath is null ? name : System.IO.Path.Join(beneath._path, name);
        var how = new FileCalls.OpenHow
        {
            Flags = (uint)(flags | FileCalls.CloseOnExec | FileCalls.NoTerminal),
            Mode = mode,
            Resolve = beneath is null
                ? FileCalls.ResolveNoMagicLinks
                : FileCalls.ResolveBeneath | FileCalls.ResolveNoSymlinks | FileCalls.ResolveNoMagicLinks,
        };
        fixed (byte* bytes = ZeroTerminated(name))
        {
            nint descriptor;
            do
            {
                descriptor = FileCalls.OpenAt2(beneath?.Number ?? FileCalls.CurrentDirectory, bytes, &how);
            }
            while (descriptor < 0 && Marshal.GetLastPInvokeError() == Errno.Interrupted);

            return descriptor >= 0 ? new Descriptor((int)descriptor, path) : throw PosixException.Last("open", path);
        }
    }

    public FileStatus Status()
    {
        FileCalls.StatxBuffer statx;
        byte empty = 0;
        return FileCalls.Statx(Number, &empty, FileCalls.StatxEmptyPath, FileCalls.StatxBasic, &statx) == 0
            ? FileStatus.From(statx)
            : throw PosixException.Last("inspect", _path);
    }

    /// <summary>The status of a name in this directory; of a link itself, not of what it points to.</summary>
    public FileStatus StatusOf(ReadOnlySpan<byte> name, string shownName)
    {
        FileCalls.StatxBuffer statx;
        fixed (byte* bytes = ZeroTerminated(name))
        {
            return FileCalls.Statx(Number, bytes, FileCalls.StatxNoFollow, FileCalls.StatxBasic, &statx) == 0
                ? FileStatus.From(statx)
                : throw PosixException.Last("inspect", System.IO.Path.Join(_path, shownName));
        }
    }

    /// <summary>The raw names in this directory without . and .., in the file system's order. At most <paramref name="limit"/> + 1 are returned.</summary>
    public List<byte[]> Names(int limit)
    {
        var names = new List<byte[]>();
        byte[] buffer = new byte[32 * 1024];
        while (true)
        {
            nint read;
            fixed (byte* bytes = buffer)
            {
                read = FileCalls.GetDents64(Number, bytes, (nuint)buffer.Length);
            }

            switch (read)
            {
                case < 0:
                    throw PosixException.Last("list", _path);
                case 0:
                    return names;
            }

            // struct linux_dirent64: 8 inode, 8 offset, 2 record length, 1 type, name with its zero.
            for (ReadOnlySpan<byte> rest = buffer.AsSpan(0, (int)read); !rest.IsEmpty;)
            {
                ReadOnlySpan<byte> name = rest[19..];
                name = name[..name.IndexOf((byte)0)];
                if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                {
                    names.Add(name.ToArray());
                    if (names.Count > limit)
                    {
                        return names;
                    }
                }

                rest = rest[MemoryMarshal.Read<ushort>(rest[16..])..];
            }
        }
    }

    /// <summary>Bytes read at <paramref name="offset"/>; fewer than asked only at the end of the file.</summary>
    public int ReadAt(Span<byte> into, long offset)
    {
        int done = 0;
        fixed (byte* bytes = into)
        {
            while (done < into.Length)
            {
                nint read = FileCalls.PRead(Number, bytes + done, (nuint)(into.Length - done), offset + done);
                if (read == 0)
                {
                    break;
                }

                if (read < 0)
                {
                    if (Marshal.GetLastPInvokeError() == Errno.Interrupted)
                    {
                        continue;
                    }

                    throw PosixException.Last("read", _path);
                }

                done += (int)read;
            }
        }

        return done;
    }

    public void Write(ReadOnlySpan<byte> data)
    {
        fixed (byte* bytes = data)
        {
            int done = 0;
            while (done < data.Length)
            {
                nint written = FileCalls.Write(Number, bytes + done, (nuint)(data.Length - done));
                if (written >= 0)
                {
                    done += (int)written;
                }
                else if (Marshal.GetLastPInvokeError() != Errno.Interrupted)
                {
                    throw PosixException.Last("write", _path);
                }
            }
        }
    }

    /// <summary>Writes all of it at <paramref name="offset"/>. A short write is gone on with; with an error nobody knows how much is there.</summary>
    public void WriteAt(ReadOnlySpan<byte> data, long offset)
    {
        fixed (byte* bytes = data)
        {
            int done = 0;
            while (done < data.Length)
            {
                nint written = FileCalls.PWrite(Number, bytes + done, (nuint)(data.Length - done), offset + done);
                if (written > 0)
                {
                    done += (int)written;
                }
                else if (written == 0)
                {
                    throw new PosixException("write", _path, Errno.Input); // No regular file answers so; without this it would be asked for ever.
                }
                else if (Marshal.GetLastPInvokeError() != Errno.Interrupted)
                {
                    throw PosixException.Last("write", _path);
                }
            }
        }
    }

    /// <summary>Reserves the room and makes the file that long. False: the file system cannot reserve, and it is as it was.</summary>
    public bool TryAllocate(long length)
    {
        while (FileCalls.FAllocate(Number, 0, 0, length) != 0)
        {
            switch (Marshal.GetLastPInvokeError())
            {
                case Errno.Interrupted:
                    continue;
                case Errno.NotSupported:
                    return false;
                default:
                    throw PosixException.Last("reserve room for", _path);
            }
        }

        return true;
    }

    /// <summary>Brings the bytes, and the length that reading them needs, to the disk. An interrupted call is made again, as it has not failed; a failed one never.</summary>
    public void SyncData()
    {
        while (FileCalls.FDataSync(Number) != 0)
        {
            if (Marshal.GetLastPInvokeError() != Errno.Interrupted)
            {
                throw PosixException.Last("sync", _path);
            }
        }
    }

    public void SetPermissions(int mode)
    {
        if (FileCalls.FChMod(Number, (uint)mode) != 0)
        {
            throw PosixException.Last("set the mode of", _path);
        }
    }

    /// <summary>Not retried: after a failed fsync the kernel may have dropped the pages, and a second call would answer "done".</summary>
    public void Sync()
    {
        if (FileCalls.FSync(Number) != 0)
        {
            throw PosixException.Last("sync", _path);
        }
    }

    /// <summary>Replaces <paramref name="to"/> in this directory by <paramref name="from"/>, atomically.</summary>
    public void Rename(string from, string to)
    {
        fixed (byte* source = ZeroTerminated(from), target = ZeroTerminated(to))
        {
            if (FileCalls.RenameAt(Number, source, Number, target) != 0)
            {
                throw PosixException.Last($"replace (by '{from}')", System.IO.Path.Join(_path, to));
            }
        }
    }

    /// <summary>Gives the file <paramref name="from"/> of this directory the second name <paramref name="to"/>, which nothing may have yet.</summary>
    public void Link(string from, string to)
    {
        fixed (byte* source = ZeroTerminated(from), target = ZeroTerminated(to))
        {
            if (FileCalls.LinkAt(Number, source, Number, target, 0) != 0)
            {
                throw PosixException.Last("create", System.IO.Path.Join(_path, to));
            }
        }
    }

    /// <summary>Removes a file of this directory; its absence is no error.</summary>
    public void Remove(string name)
    {
        fixed (byte* bytes = ZeroTerminated(name))
        {
            if (FileCalls.UnlinkAt(Number, bytes, 0) != 0 && Marshal.GetLastPInvokeError() != Errno.NoEntry)
            {
                throw PosixException.Last("remove", System.IO.Path.Join(_path, name));
            }
        }
    }

    protected override bool ReleaseHandle() => FileCalls.Close((int)handle) == 0;

    private static byte[] ZeroTerminated(string name)
    {
        // A NUL would silently cut the path that was checked to another one.
        if (name.Contains('\0'))
        {
            throw new ArgumentException("A path cannot hold NUL.", nameof(name));
        }

        return Encoding.UTF8.GetBytes(name + '\0');
    }

    private static byte[] ZeroTerminated(ReadOnlySpan<byte> name) => [.. name, 0];
}
