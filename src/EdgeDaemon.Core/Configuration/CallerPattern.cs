using System.Globalization;
using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Core.Configuration;

/// <summary>
/// Which callers are a tenant's, as <c>method:value</c>: <c>self</c>, <c>unix:USER</c>, <c>unix-group:GROUP</c>, <c>cert:URI</c>, <c>cert:dns:NAME</c>,
/// <c>cert:sha256:DIGEST</c>. Users and groups are numbers or names; names are looked up by who knows the device.
/// </summary>
public sealed record CallerPattern(CallerMethod Method, string Value)
{
    private const string Dns = "dns:";
    private const string Digest = "sha256:";

    /// <summary>True when the value ends in <c>/*</c> (URI) or begins with <c>*.</c> (DNS).</summary>
    public bool IsWildcard => Method switch
    {
        CallerMethod.CertificateUri => Value.EndsWith("/*", StringComparison.Ordinal),
        CallerMethod.CertificateDns => Value.StartsWith("*.", StringComparison.Ordinal),
        _ => false,
    };

    /// <summary>Null for a usable pattern, else what is wrong with it.</summary>
    public static string? Fault(string text) => TryParse(text, out _, out string fault) ? null : fault;

    /// <exception cref="FormatException">It is none.</exception>
    public static CallerPattern Parse(string text) => TryParse(text, out CallerPattern? pattern, out string fault) ? pattern! : throw new FormatException(fault);

    /// <summary>Whether a caller's own name of this method is meant. One star stands for one or more characters: for a URI anything behind the slash, for DNS one label.</summary>
    public bool Matches(string name) => Method switch
    {
        CallerMethod.CertificateUri when IsWildcard => name.Length >= Value.Length && name.AsSpan().StartsWith(Value.AsSpan(0, Value.Length - 1), StringComparison.Ordinal),
        CallerMethod.CertificateDns when IsWildcard => name.IndexOf('.', StringComparison.Ordinal) is > 0 and int dot && name.AsSpan(dot).SequenceEqual(Value.AsSpan(1)),
        _ => string.Equals(name, Value, StringComparison.Ordinal),
    };

    public override string ToString() => Method switch
    {
        CallerMethod.Self => "self",
        CallerMethod.UnixUser => $"unix:{Value}",
        CallerMethod.UnixGroup => $"unix-group:{Value}",
        CallerMethod.CertificateDns => $"cert:{Dns}{Value}",
        CallerMethod.CertificateKey => $"cert:{Digest}{Value}",
        _ => $"cert:{Value}",
    };

    private static bool TryParse(string text, out CallerPattern? pattern, out string fault)
    {
        pattern = null;
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string value = colon < 0 ? "" : text[(colon + 1)..];
        (CallerMethod method, value, fault) = (colon < 0 ? text : text[..colon]) switch
        {
            "self" when colon < 0 => (CallerMethod.Self, "", ""),
            "unix" => (CallerMethod.UnixUser, value, AccountFault(value)),
            "unix-group" => (CallerMethod.UnixGroup, value, AccountFault(value)),
            "cert" when value.StartsWith(Digest, StringComparison.Ordinal) =>
                (CallerMethod.CertificateKey, value[Digest.Length..], Sha256Hex.Fault(value[Digest.Length..]) ?? ""),
            "cert" when value.StartsWith(Dns, StringComparison.Ordinal) => (CallerMethod.CertificateDns, value[Dns.Length..], DnsFault(value[Dns.Length..])),
            "cert" => (CallerMethod.CertificateUri, value, UriFault(value)),
            _ => (CallerMethod.Self, "", "must be \"self\", \"unix:USER\", \"unix-group:GROUP\", \"cert:URI\", \"cert:dns:NAME\" or \"cert:sha256:DIGEST\""),
        };
        if (fault.Length > 0)
        {
            return false;
        }

        pattern = new CallerPattern(method, value);
        return true;
    }

    // A number has one spelling, so that two entries cannot mean one user unnoticed.
    private static string AccountFault(string value) =>
        value.Length > 0 && value.All(char.IsAsciiDigit)
            ? uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out uint id) && id != uint.MaxValue && value == id.ToString(CultureInfo.InvariantCulture)
                ? "" : "must be a number from 0 to 4294967294, without leading zeros"
            : value.Length is > 0 and <= 32 && (char.IsAsciiLetter(value[0]) || value[0] == '_') && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.')
                ? "" : "must name a user or group by number or by its name";

    private static string DnsFault(string value)
    {
        string name = value.StartsWith("*.", StringComparison.Ordinal) ? value[2..] : value;
        return name.Length is > 0 and <= 253
            && name.Split('.').All(label => label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-' && label.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'))
            ? "" : "must be a DNS name in lower case; a star stands only for the whole first label, as in \"cert:dns:*.plant.example\"";
    }

    private static string UriFault(string value)
    {
        int scheme = value.IndexOf("://", StringComparison.Ordinal);
        int star = value.IndexOf('*', StringComparison.Ordinal);
        return scheme > 0 && value.Length > scheme + 3 && value.Length <= 2048
            && value.All(c => c is > ' ' and < (char)0x7F)
            && (star < 0 || (star == value.Length - 1 && value[star - 1] == '/' && star > scheme + 3))
            ? "" : "must be a URI in full, like \"cert:spiffe://plant.example/camera/1\"; a star stands only at the end, behind a '/' of the path";
    }
}

/// <summary>How a caller was recognised.</summary>
public enum CallerMethod
{
    /// <summary>The user that the daemon runs as.</summary>
    Self,
    UnixUser,
    UnixGroup,
    CertificateUri,
    CertificateDns,
    CertificateKey,
}
