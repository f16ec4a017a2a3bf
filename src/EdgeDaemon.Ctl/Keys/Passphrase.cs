using System.Security.Cryptography;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Keys;

/// <summary>
/// The first line of a file that only its owner may read. There is no option with a passphrase in it: command lines are open to every
/// user of a machine. Zeroed when disposed.
/// </summary>
internal sealed class Passphrase : IDisposable
{
    private const int MaxBytes = 4 << 10;

    private readonly byte[] _file;
    private readonly int _length;

    private Passphrase(byte[] file, int length)
    {
        _file = file;
        _length = length;
    }

    /// <summary>As they stand in the file, whatever its encoding: as openssl takes them.</summary>
    public ReadOnlySpan<byte> Bytes => _file.AsSpan(0, _length);

    /// <exception cref="CtlException">No such file, open to others, or its first line is empty.</exception>
    public static Passphrase Read(string path)
    {
        byte[] file;
        try
        {
            file = SafeFileRead.Read(path, MaxBytes, secret: true);
        }
        catch (IOException unreadable)
        {
            throw new CtlException($"the passphrase cannot be read: {unreadable.Message}", unreadable);
        }

        int end = file.AsSpan().IndexOfAny((byte)'\r', (byte)'\n');
        int length = end < 0 ? file.Length : end;
        if (length == 0)
        {
            CryptographicOperations.ZeroMemory(file);
            throw new CtlException($"the passphrase is empty: the first line of {path} must hold one");
        }

        return new Passphrase(file, length);
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(_file);
}
