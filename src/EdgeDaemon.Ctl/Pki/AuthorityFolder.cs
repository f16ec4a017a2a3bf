using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Ctl.Archives;
using EdgeDaemon.Ctl.Keys;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Pki;

/// <summary>An authority on disk: its certificate, its key (unless a token has it), its index, and a lock against two changes at once.</summary>
internal sealed class AuthorityFolder : IDisposable
{
    private const int Readable = 0b110_100_100;
    private const int MaxPemBytes = 64 << 10;

    private readonly string _path;
    private readonly FileStream? _lock;

    private AuthorityFolder(string path, FileStream? held, X509Certificate2 root, PkiIndex index)
    {
        _path = path;
        _lock = held;
        Root = root;
        Index = index;
    }

    /// <summary>Public half only.</summary>
    public X509Certificate2 Root { get; }

    public PkiIndex Index { get; private set; }

    /// <summary>A new folder of mode 0700, whole or not at all.</summary>
    /// <param name="path">Nothing may be there.</param>
    /// <param name="root">The authority's certificate.</param>
    /// <param name="key">Its key, to be kept there; null when it is elsewhere.</param>
    /// <param name="passphrase">Encrypts the key.</param>
    public static void Create(string path, X509Certificate2 root, ECDsa? key, Passphrase? passphrase) => NewFolder.Fill(path, folder =>
    {
        if (OperatingSystem.IsLinux())
        {
            File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        if (key is not null)
        {
            PrivateKeyFile.Write(KeyIn(folder), key, passphrase, replace: false);
        }

        DurableFile.Create(RootIn(folder), Encoding.ASCII.GetBytes(root.ExportCertificatePem() + "\n"), Readable);
        DurableFile.Create(IndexIn(folder), PkiIndexFile.Write(PkiIndex.Empty), Readable);
    });

    /// <param name="path">The folder.</param>
    /// <param name="change">Takes the lock: until it is disposed nobody else changes the authority.</param>
    /// <exception cref="CtlException">No authority, or somebody else is changing it.</exception>
    public static AuthorityFolder Open(string path, bool change)
    {
        if (!File.Exists(RootIn(path)) || !File.Exists(IndexIn(path)))
        {
            throw new CtlException($"{path} is no authority: it lacks root.pem or index.toml; 'edgectl pki init' makes one");
        }

        // The lock first: an index that was read before it might be old when it is written back.
        FileStream? held = change ? Lock(path) : null;
        try
        {
            byte[] pem = SafeFileRead.Read(RootIn(path), MaxPemBytes);
            PkiIndex index = PkiIndexFile.Parse(SafeFileRead.Read(IndexIn(path), PkiIndexFile.MaxBytes), IndexIn(path));
            return new AuthorityFolder(path, held, ReadRoot(RootIn(path), pem), index);
        }
        catch
        {
            held?.Dispose();
            throw;
        }
    }

    /// <summary>The authority's private key; the caller disposes it.</summary>
    /// <param name="source">A file or a token's URI; null for the key in the folder.</param>
    /// <param name="passphraseFile">What opens it.</param>
    public ECDsa OpenKey(string? source, string? passphraseFile)
    {
        if (source is null && !File.Exists(KeyIn(_path)))
        {
            throw new CtlException($"{_path} holds no root.key: name the authority's key with --key");
        }

        ECDsa key = SigningKey.Open(source ?? KeyIn(_path), passphraseFile);
        if (OmsKey.Of(key).Spki.AsSpan().SequenceEqual(Root.PublicKey.ExportSubjectPublicKeyInfo()))
        {
            return key;
        }

        key.Dispose();
        throw new CtlException($"{source ?? KeyIn(_path)} is not the key of {RootIn(_path)}");
    }

    /// <summary>The same, when it lies within the root's: a leaf that outlives its root would not.</summary>
    /// <exception cref="CtlException">The root ends before, or has not begun.</exception>
    public Validity Within(Validity wanted)
    {
        var root = new Validity(Root.NotBefore.ToUniversalTime(), Root.NotAfter.ToUniversalTime());
        if (wanted.From < root.From || wanted.From > root.Until)
        {
            throw new CtlException($"{RootIn(_path)} holds from {root.From:u} to {root.Until:u}, and now it is {wanted.From:u}: make a new authority, or set the clock");
        }

        return wanted.Until <= root.Until
            ? wanted
            : throw new CtlException($"{RootIn(_path)} ends on {root.Until:u}: give at most --days {(int)(root.Until - wanted.From).TotalDays}");
    }

    /// <summary>Nothing is given out that the index on disk does not know.</summary>
    public void Save(PkiIndex next)
    {
        if (_lock is null)
        {
            throw new InvalidOperationException("The authority was opened to be read.");
        }

        // Read back before it replaces what is good: an index that has grown beyond what is read would end the authority.
        byte[] bytes = PkiIndexFile.Write(next);
        PkiIndexFile.Parse(bytes, IndexIn(_path));
        DurableFile.Write(IndexIn(_path), bytes, Readable);
        Index = next;
    }

    public void Dispose()
    {
        Root.Dispose();
        _lock?.Dispose();
    }

    private static string RootIn(string folder) => Path.Combine(folder, "root.pem");

    private static string KeyIn(string folder) => Path.Combine(folder, "root.key");

    private static string IndexIn(string folder) => Path.Combine(folder, "index.toml");

    // flock(2): gone with the process that holds it, so no crash leaves it behind.
    private static FileStream Lock(string folder)
    {
        string path = Path.Combine(folder, "lock");
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException busy) when (File.Exists(path))
        {
            throw new CtlException($"another 'edgectl pki' is changing {folder}; try again when it is done", busy);
        }
    }

    private static X509Certificate2 ReadRoot(string path, byte[] pem)
    {
        try
        {
            OmsAnchor anchor = OmsAnchor.FromPem(Encoding.Latin1.GetString(pem));
            return X509CertificateLoader.LoadCertificate(anchor.Root.Der.Span);
        }
        catch (OmsException unusable)
        {
            throw new CtlException($"{path}: {unusable.Message}", unusable);
        }
    }
}
