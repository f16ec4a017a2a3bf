using System.Runtime.InteropServices;
using System.Security.Cryptography;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Native.Onnx;

/// <summary>From a path to loaded code: the file is opened once, judged, hashed and mapped through that one descriptor.</summary>
internal static class OnnxLibraryFile
{
    private const int GroupOrOthersWrite = 0b000_010_010;

    // glibc knows a loaded library by the name it was loaded under, and /proc/self/fd/N names another file next time: a second
    // library would silently be the first one again. So there is one a process, as the library itself wants it.
    private static readonly Lock Gate = new();
    private static (string Digest, nint Library) _loaded;

    /// <summary>Loads the file at an absolute path if its SHA-256 is <paramref name="expectedSha256"/> (64 hex digits).</summary>
    /// <exception cref="OnnxLibraryRefusedException">It is not that file, or cannot be loaded.</exception>
    public static nint Load(string path, string expectedSha256)
    {
        if (!Path.IsPathFullyQualified(path))
        {
            throw new OnnxLibraryRefusedException(
                $"runtime.library '{path}' is not an absolute path: a search path could find another library.");
        }

        lock (Gate)
        {
            try
            {
                return LoadOnce(path, expectedSha256);
            }
            catch (PosixException failure)
            {
                throw new OnnxLibraryRefusedException(
                    $"runtime.library {path} cannot be read: {failure.Message}. './build.sh deps' fetches the pinned one; edged.toml names another.", failure);
            }
            catch (DllNotFoundException failure)
            {
                throw new OnnxLibraryRefusedException($"{path} cannot be loaded as a shared library: {failure.Message}", failure);
            }
        }
    }

    private static nint LoadOnce(string path, string expectedSha256)
    {
        // Non-blocking, since the path may name a pipe that nobody writes to; no effect on a regular file.
        using Descriptor file = Descriptor.Open(null, path, FileCalls.ReadOnly | FileCalls.NonBlocking);
        FileStatus before = file.Status();
        if (before.Kind != FileKind.Regular)
        {
            throw new OnnxLibraryRefusedException($"runtime.library {path} is no regular file.");
        }

        // Who may write into the file may change the code after it was hashed, even while it runs.
        if ((before.Permissions & GroupOrOthersWrite) != 0)
        {
            throw new OnnxLibraryRefusedException(
                $"{path} may be written by its group or by everybody. Say 'chmod go-w' to it, after a look at who did write it.");
        }

        string found = Sha256Of(file, before.Size);
        if (!found.Equals(expectedSha256, StringComparison.OrdinalIgnoreCase))
        {
            throw new OnnxLibraryRefusedException(
                $"{path} has SHA-256 {found}, but {expectedSha256.ToLowerInvariant()} is pinned. Install the pinned library, or name "
                + "this one in edged.toml with runtime.sha256 after you have checked where it comes from.");
        }

        if (file.Status() != before)
        {
            throw new OnnxLibraryRefusedException($"{path} was changed while it was hashed. Try again when nobody installs it.");
        }

        if (_loaded.Library == 0)
        {
            // The loader opens the descriptor's file again, by inode: a path swapped after the hash changes nothing. (The
            // library thinks that it lies in /proc/self/fd and finds no provider libraries beside itself; the CPU needs none.)
            _loaded = (found, NativeLibrary.Load(file.ProcessPath));
        }

        return _loaded.Digest == found
            ? _loaded.Library
            : throw new OnnxLibraryRefusedException(
                $"{path} is not the library (SHA-256 {_loaded.Digest}) that this process has loaded already; restart it to change.");
    }

    private static string Sha256Of(Descriptor file, long size)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = GC.AllocateUninitializedArray<byte>(256 * 1024);
        for (long offset = 0; offset < size;)
        {
            int read = file.ReadAt(buffer.AsSpan(0, (int)Math.Min(buffer.Length, size - offset)), offset);
            if (read == 0)
            {
                break; // Shorter than it was: the digest will differ.
            }

            hash.AppendData(buffer, 0, read);
            offset += read;
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
