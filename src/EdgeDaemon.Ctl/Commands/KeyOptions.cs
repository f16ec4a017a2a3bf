using System.CommandLine;
using System.Security.Cryptography;
using EdgeDaemon.Ctl.Keys;

namespace EdgeDaemon.Ctl.Commands;

/// <summary>The two options of every command that signs: the key, and what opens it.</summary>
internal sealed class KeyOptions
{
    /// <param name="name"><c>--key</c>; <c>--private-key</c> where the conformance suite's adapters call it so.</param>
    /// <param name="description">Whose key, in a sentence; what forms it has is added.</param>
    /// <param name="required">False where there is a usual place for it.</param>
    public KeyOptions(string name, string description, bool required = true)
    {
        Key = new Option<string?>(name) { Description = $"{description} A file of mode 0600, or the URI of a key in a token (pkcs11:...).", HelpName = "key", Required = required };
    }

    public Option<string?> Key { get; }

    public Option<string?> Passphrase { get; } =
        PassphraseFile("--passphrase-file", "The passphrase of an encrypted key, or the token's PIN: the first line of a file of mode 0600.");

    public static Option<string?> PassphraseFile(string name, string description) => new(name) { Description = description, HelpName = "file" };

    /// <summary>The key, open; the caller disposes it.</summary>
    public ECDsa Open(ParseResult parsed) => SigningKey.Open(parsed.GetValue(Key)!, parsed.GetValue(Passphrase));
}
