using System.Formats.Asn1;
using System.Net;
using System.Net.Sockets;

namespace EdgeDaemon.Ctl.Pki;

/// <summary>
/// One subjectAltName as <c>--san</c> gives it: <c>dns:</c>, <c>ip:</c>, <c>uri:</c> or <c>email:</c> and the name. It goes into the
/// certificate letter by letter, for it is compared letter by letter; so only the plain spelling is taken.
/// </summary>
internal sealed record AlternativeName(AlternativeNameKind Kind, string Value)
{
    private const int MaxLength = 253;
    private const int MaxLabel = 63;

    public override string ToString() => $"{Kind.ToString().ToLowerInvariant()}:{Value}";

    /// <exception cref="FormatException">It is none; says why.</exception>
    public static AlternativeName Parse(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string value = text[(colon + 1)..];
        if (value.Length is 0 or > MaxLength || value.Any(letter => letter is <= ' ' or >= '\u007f'))
        {
            throw new FormatException($"a name has 1 to {MaxLength} letters of ASCII without spaces (international ones in their ASCII form)");
        }

        return (colon < 0 ? "" : text[..colon]) switch
        {
            "dns" => IsHost(value, wildcard: true) ? new(AlternativeNameKind.Dns, value) : throw new FormatException("a dns name is of labels of a-z, 0-9 and '-', in lower case; only the first may be '*'"),
            "ip" => new(AlternativeNameKind.Ip, Address(value)),
            "uri" => Uri(value) is { } fault ? throw new FormatException(fault) : new(AlternativeNameKind.Uri, value),
            "email" => IsMailbox(value) ? new(AlternativeNameKind.Email, value) : throw new FormatException("an email is name@host, the host in lower case"),
            _ => throw new FormatException("a name starts with dns:, ip:, uri: or email:"),
        };
    }

    public void Write(AsnWriter names)
    {
        var tag = new Asn1Tag(TagClass.ContextSpecific, (int)Kind);
        if (Kind == AlternativeNameKind.Ip)
        {
            names.WriteOctetString(IPAddress.Parse(Value).GetAddressBytes(), tag);
        }
        else
        {
            names.WriteCharacterString(UniversalTagNumber.IA5String, Value, tag);
        }
    }

    private static string Address(string value)
    {
        // '1' and '0x7f.1' are addresses to the parser, and 'fe80::1%eth0' names this machine's interface: one spelling for each.
        if (!IPAddress.TryParse(value, out IPAddress? address)
            || (address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId != 0)
            || !string.Equals(address.ToString(), value, StringComparison.Ordinal))
        {
            throw new FormatException("an ip is a plain IPv4 or IPv6 address, IPv6 in its shortest form");
        }

        return value;
    }

    private static string? Uri(string value)
    {
        int scheme = value.IndexOf("://", StringComparison.Ordinal);
        if (scheme <= 0 || !value[..scheme].All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter is '+' or '-' or '.') || !System.Uri.TryCreate(value, UriKind.Absolute, out _))
        {
            return "a uri is absolute, like spiffe://your.domain/name, its scheme in lower case";
        }

        if (value[..scheme] != "spiffe")
        {
            return null;
        }

        // SPIFFE-ID, section 2: nothing that two readers could take for two names.
        string[] parts = value[(scheme + 3)..].Split('/');
        bool domain = parts[0].Length > 0 && parts[0].All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter is '.' or '-' or '_');
        bool path = parts.Length > 1 && parts.Skip(1).All(part => part is not ("" or "." or "..") && part.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_'));
        return domain && path ? null : "a SPIFFE ID is spiffe://trust.domain/path: the domain in lower case; letters, digits, '.', '-' and '_'; no empty part, port, query or fragment";
    }

    private static bool IsMailbox(string value)
    {
        int at = value.IndexOf('@', StringComparison.Ordinal);
        return at > 0 && at <= MaxLabel + 1 && value[..at].All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_' or '+') && IsHost(value[(at + 1)..], wildcard: false);
    }

    private static bool IsHost(string value, bool wildcard)
    {
        string[] labels = value.Split('.');
        int first = wildcard && labels.Length > 2 && labels[0] == "*" ? 1 : 0;
        return labels.Skip(first).All(label =>
            label.Length is > 0 and <= MaxLabel && label[0] != '-' && label[^1] != '-'
            && label.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-'));
    }
}
