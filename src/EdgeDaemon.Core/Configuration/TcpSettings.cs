using System.Collections.Immutable;
using System.Net;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Configuration;

/// <summary>
/// A TCP listener: always TLS 1.3, always with a client certificate. Material is the path of a file or <c>credential:NAME</c>, a
/// systemd credential.
/// </summary>
public sealed record TcpSettings
{
    private const int MostNetworks = 64;
    private const int MostFiles = 16;
    private const int MostDenied = 1024;

    private static readonly string[] Keys = ["allow_from", "certificate", "key", "client_roots", "client_crls", "denied_keys"];

    private TcpSettings()
    {
    }

    public required IPEndPoint EndPoint { get; init; }

    /// <summary>Who may connect at all, by address; empty: everybody.</summary>
    public required ImmutableArray<IPNetwork> AllowFrom { get; init; }

    /// <summary>The server's certificate, PEM, leaf first, with the intermediates behind it.</summary>
    public required string Certificate { get; init; }

    /// <summary>Its private key, PEM (PKCS#8).</summary>
    public required string Key { get; init; }

    /// <summary>Certificates of the authorities that name clients, PEM.</summary>
    public required string ClientRoots { get; init; }

    /// <summary>Revocation lists, PEM or DER. With one or more, every certificate of a client's chain needs one that is current.</summary>
    public required ImmutableArray<string> ClientRevocationLists { get; init; }

    /// <summary>SHA-256 of public keys (SPKI), lower-case hex: whoever presents one anywhere in the chain is turned away.</summary>
    public required ImmutableArray<string> DeniedKeys { get; init; }

    internal static TcpSettings? Read(TomlSection table)
    {
        IPEndPoint? endpoint = null;
        string? text = table.OptionalString("tcp", 64, value => TryParse(value, out endpoint) ? null : "must be an IP address and a port, like \"192.0.2.7:8443\" or \"[::]:8443\"");
        if (text is null)
        {
            foreach (string key in Keys.Where(table.Has))
            {
                table.ErrorAt(key, "belongs to a listener with 'tcp'; a Unix socket's callers are known by their user");
            }

            _ = ReadMaterial(table, required: false);
            return null;
        }

        return ReadMaterial(table, required: true) with { EndPoint = endpoint ?? new IPEndPoint(IPAddress.None, 0) };
    }

    private static TcpSettings ReadMaterial(TomlSection table, bool required) => new()
    {
        EndPoint = new IPEndPoint(IPAddress.None, 0),
        AllowFrom = [.. table.Strings("allow_from", MostNetworks, 64, value => IPNetwork.TryParse(value, out _) ? null : "must be a network whose host bits are zero, like \"10.0.0.0/8\" or \"fd00::/8\"")
            .Select(value => IPNetwork.TryParse(value, out IPNetwork network) ? network : default)],
        Certificate = Place(table, "certificate", required),
        Key = Place(table, "key", required),
        ClientRoots = Place(table, "client_roots", required),
        ClientRevocationLists = table.Strings("client_crls", MostFiles, 4096, SettingPaths.CheckMaterial),
        DeniedKeys = table.Strings("denied_keys", MostDenied, 64, Sha256Hex.Fault),
    };

    private static string Place(TomlSection table, string key, bool required) =>
        required ? table.RequiredString(key, 4096, SettingPaths.CheckMaterial) : table.String(key, "", 4096);

    private static bool TryParse(string text, out IPEndPoint? endpoint)
    {
        // IPEndPoint takes a missing port for 0 and "1" for 0.0.0.1: here an address is written out.
        endpoint = null;
        int colon = text.LastIndexOf(':');
        return colon > 0
            && ushort.TryParse(text.AsSpan(colon + 1), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out ushort port)
            && port > 0
            && (text[0] == '[') == text[..colon].Contains(':', StringComparison.Ordinal)
            && (text[0] == '[' || text[..colon].Count(c => c == '.') == 3)
            && !text.Contains('%', StringComparison.Ordinal)
            && IPEndPoint.TryParse(text, out endpoint);
    }
}
