using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EdgeDaemon.Client;

/// <summary>Where a daemon is: a Unix socket, or a host and port with TLS 1.3. There is no third kind: no byte ever goes over plain TCP.</summary>
public sealed class EdgeAddress
{
    /// <summary>sockaddr_un holds 108 bytes with the final NUL.</summary>
    private const int MaxPathBytes = 107;

    private readonly string _text;

    private EdgeAddress(string text, Uri uri, EndPoint endPoint, EdgeTls? tls)
    {
        _text = text;
        Uri = uri;
        EndPoint = endPoint;
        Tls = tls;
    }

    /// <summary>What requests are addressed to; over TLS its host is the name that the daemon's certificate must have.</summary>
    internal Uri Uri { get; }

    internal EndPoint EndPoint { get; }

    internal EdgeTls? Tls { get; }

    /// <param name="path">1 to 107 bytes, for example <c>/run/edged/edged.sock</c>.</param>
    /// <exception cref="EdgeClientException">The path is longer than a socket's address can be.</exception>
    public static EdgeAddress UnixSocket(string path)
    {
        if (path.Length == 0 || Encoding.UTF8.GetByteCount(path) > MaxPathBytes)
        {
            throw new EdgeClientException(
                EdgeClientFailure.Unreachable, $"a Unix socket's path has 1 to {MaxPathBytes} bytes; use a shorter one than '{path}'");
        }

        return new EdgeAddress(path, new Uri("http://localhost/"), new UnixDomainSocketEndPoint(path), null);
    }

    /// <summary>TLS 1.3 at a host and port.</summary>
    /// <param name="host">A name or an IP address.</param>
    /// <param name="port">1 to 65535.</param>
    /// <param name="tls">Whom to trust, and who this client is.</param>
    public static EdgeAddress Https(string host, int port, EdgeTls tls)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, IPEndPoint.MaxPort);
        if (tls.Roots.Count == 0)
        {
            throw new ArgumentException("an https address needs at least one root certificate to trust", nameof(tls));
        }

        EndPoint endPoint = IPAddress.TryParse(host, out IPAddress? address) ? new IPEndPoint(address, port) : new DnsEndPoint(host, port);
        return new EdgeAddress($"https://{host}:{port}", new UriBuilder("https", tls.ServerName ?? host, port).Uri, endPoint, tls);
    }

    /// <summary>A path, <c>unix:PATH</c> or <c>https://HOST:PORT</c>.</summary>
    /// <param name="text">As a person writes it.</param>
    /// <param name="tls">Needed for https, and refused for a socket: whoever gives it expects it to be used.</param>
    /// <exception cref="FormatException">The text is no address, or does not go with <paramref name="tls"/>; the message says why.</exception>
    public static EdgeAddress Parse(string text, EdgeTls? tls = null)
    {
        if (text.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
        {
            throw new FormatException($"'{text}': plain TCP is not spoken; use a Unix socket's path or https://HOST:PORT");
        }

        if (!text.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
        {
            return tls is null
                ? UnixSocket(text.StartsWith("unix:", StringComparison.Ordinal) ? text[5..] : text)
                : throw new FormatException($"'{text}' is a Unix socket, which has no TLS; use https://HOST:PORT or leave the TLS settings out");
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) || uri.PathAndQuery != "/" || uri.Fragment.Length != 0 || uri.UserInfo.Length != 0)
        {
            throw new FormatException($"'{text}' is not https://HOST:PORT");
        }

        return tls is null
            ? throw new FormatException($"'{text}' needs root certificates to trust and a client certificate")
            : Https(uri.IdnHost, uri.Port, tls);
    }

    public override string ToString() => _text;
}
