using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace EdgeDaemon.Systemd;

/// <summary>
/// Tells the service manager where the daemon stands (sd_notify(3)): one datagram of KEY=VALUE lines to the socket named by
/// NOTIFY_SOCKET. Without that variable every call succeeds and does nothing. A failure to notify is never fatal: the
/// manager's own timeout is the backstop.
/// </summary>
internal sealed class Notifier : IDisposable
{
    // sun_path is 108 bytes on Linux; an abstract name may use all of them, a path needs its final zero.
    private const int LongestAddress = 107;

    private readonly Socket? _socket;
    private readonly UnixDomainSocketEndPoint? _manager;
    private readonly Action<string> _reportFailure;

    private Notifier(string? address, Action<string> reportFailure)
    {
        _reportFailure = reportFailure;
        if (string.IsNullOrEmpty(address))
        {
            return;
        }

        // '/' is a path, '@' an abstract name; vsock: and everything else is not ours to speak to.
        if (address[0] is not ('/' or '@') || Encoding.UTF8.GetByteCount(address) > LongestAddress)
        {
            reportFailure($"NOTIFY_SOCKET '{Printable(address)}' is neither a path nor an abstract name of at most {LongestAddress} bytes; the service manager will not hear from us");
            return;
        }

        _manager = new UnixDomainSocketEndPoint(address[0] == '@' ? "\0" + address[1..] : address);
        _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    }

    public static Notifier FromEnvironment(Action<string> reportFailure)
    {
        string? address = Environment.GetEnvironmentVariable("NOTIFY_SOCKET");

        // Read once, then gone, so that a child process cannot speak for the service.
        Environment.SetEnvironmentVariable("NOTIFY_SOCKET", null);
        return new Notifier(address, reportFailure);
    }

    public void Ready(string status) => Send($"READY=1\nSTATUS={Printable(status)}");

    /// <summary>A reload has begun; <see cref="Ready"/> ends it. Both lines in one datagram, the time by CLOCK_MONOTONIC, which Stopwatch reads on Linux.</summary>
    public void Reloading() =>
        Send(string.Create(CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={(long)Stopwatch.GetElapsedTime(0).TotalMicroseconds}\nSTATUS=reading the configuration and the bundles again"));

    public void Stopping() => Send("STOPPING=1\nSTATUS=finishing the requests in flight");

    public void Status(string status) => Send($"STATUS={Printable(status)}");

    /// <summary>Asks for more time while models load; acts only beyond the configured limit.</summary>
    public void ExtendTimeout(TimeSpan time) =>
        Send(string.Create(CultureInfo.InvariantCulture, $"EXTEND_TIMEOUT_USEC={(long)time.TotalMicroseconds}"));

    public void Dispose() => _socket?.Dispose();

    // A value is one line: a newline in it would let its author set keys of their own.
    private static string Printable(string text) =>
        string.Create(text.Length, text, static (span, source) =>
        {
            for (int i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(source[i]) ? ' ' : source[i];
            }
        });

    private void Send(string message)
    {
        if (_socket is null || _manager is null)
        {
            return;
        }

        try
        {
            _socket.SendTo(Encoding.UTF8.GetBytes(message), _manager);
        }
        catch (SocketException refused)
        {
            _reportFailure($"cannot notify the service manager: {refused.Message}");
        }
    }
}
