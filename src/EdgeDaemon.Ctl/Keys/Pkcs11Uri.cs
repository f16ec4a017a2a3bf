using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Ctl.Keys;

/// <summary>
/// The name of a key in a token (RFC 7512): attributes of the object, then, behind '?', how to get at it. Only what concerns secrets is
/// looked at here; the rest is the token's software's.
/// </summary>
internal sealed class Pkcs11Uri
{
    private const string Scheme = "pkcs11:";
    private const int MaxLength = 2000;

    private readonly string[] _path;
    private readonly string[] _query;

    private Pkcs11Uri(string[] path, string[] query)
    {
        _path = path;
        _query = query;
    }

    /// <summary>For messages: without the way to the PIN.</summary>
    public string Shown => Scheme + string.Join(';', _path);

    /// <summary>A key's source for messages, file or URI.</summary>
    public static string Shorn(string source) => Is(source) ? Parse(source).Shown : source;

    public static bool Is(string source) => source.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);

    /// <exception cref="CtlException">It is none, or it holds the PIN itself.</exception>
    public static Pkcs11Uri Parse(string uri)
    {
        if (uri.Length > MaxLength || uri.Any(letter => letter is <= ' ' or >= '\u007f'))
        {
            throw new CtlException(ExitCode.Usage, $"the pkcs11 URI has more than {MaxLength} letters, or one that must be written as %XX");
        }

        string[] halves = uri[Scheme.Length..].Split('?', 2);
        string[] path = Attributes(halves[0], ';');
        string[] query = halves.Length > 1 ? Attributes(halves[1], '&') : [];

        // Command lines are open to every user of the machine, and end up in histories. (Nothing of the URI is in this message.)
        if (path.Concat(query).Any(attribute => Named(attribute, "pin-value")))
        {
            throw new CtlException(ExitCode.Usage, "the pkcs11 URI holds the PIN, where everybody on this machine can read it: change that PIN, and give it with --passphrase-file or pin-source=file:...");
        }

        return path.Length > 0
            ? new Pkcs11Uri(path, query)
            : throw new CtlException(ExitCode.Usage, "the pkcs11 URI names no key; an example: 'pkcs11:token=release;object=signer'");
    }

    /// <summary>The same with the PIN's file, which is checked as every secret is; the token's software reads it.</summary>
    /// <param name="passphraseFile">Null when the URI says it itself, or the token needs none.</param>
    public Pkcs11Uri WithPin(string? passphraseFile)
    {
        string? source = _query.FirstOrDefault(attribute => Named(attribute, "pin-source"));
        if (source is null)
        {
            if (passphraseFile is null)
            {
                return this;
            }

            using (Passphrase.Read(passphraseFile))
            {
                return new Pkcs11Uri(_path, [.. _query, "pin-source=file:" + EscapedPath(Path.GetFullPath(passphraseFile))]);
            }
        }

        if (passphraseFile is not null)
        {
            throw new CtlException(ExitCode.Usage, "the PIN comes from pin-source in the URI or from --passphrase-file, not from both");
        }

        string file = Uri.UnescapeDataString(source["pin-source=".Length..]);
        file = file.StartsWith("file:", StringComparison.Ordinal) ? file["file:".Length..] : file;
        file = file.StartsWith("///", StringComparison.Ordinal) ? file[2..] : file;

        // Some software runs what follows a '|'.
        if (!file.StartsWith('/'))
        {
            throw new CtlException(ExitCode.Usage, $"pin-source '{Printable.Of(file)}' is not 'file:' with an absolute path");
        }

        using (Passphrase.Read(file))
        {
            return new Pkcs11Uri(_path, [.. _query.Where(attribute => attribute != source), "pin-source=file:" + EscapedPath(file)]);
        }
    }

    /// <summary>As the token's software gets it. Without a type a certificate or a public key of that name might be found first.</summary>
    public override string ToString() =>
        Scheme + string.Join(';', _path.Where(attribute => !Named(attribute, "type")).Append("type=private")) + (_query.Length == 0 ? "" : "?" + string.Join('&', _query));

    private static string[] Attributes(string text, char separator)
    {
        string[] attributes = text.Split(separator, StringSplitOptions.RemoveEmptyEntries);
        return attributes.All(attribute => attribute.IndexOf('=', StringComparison.Ordinal) > 0)
            ? attributes
            : throw new CtlException(ExitCode.Usage, $"the pkcs11 URI is not 'name=value' parted by '{separator}'; an example: 'pkcs11:token=release;object=signer'");
    }

    private static bool Named(string attribute, string name) => attribute.StartsWith(name + "=", StringComparison.Ordinal);

    private static string EscapedPath(string path) => Uri.EscapeDataString(path).Replace("%2F", "/", StringComparison.Ordinal);
}
