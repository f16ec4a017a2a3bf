using System.Globalization;
using System.Net;
using System.Net.Sockets;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Listeners;

/// <summary>
/// Listening sockets that the service manager opened and hands over (sd_listen_fds(3)), by the names of their units: the order of several units is
/// undefined. A connection made before the daemon runs waits in them, and the daemon needs no right to make them.
/// </summary>
internal sealed class InheritedSockets
{
    private const int First = 3; // SD_LISTEN_FDS_START
    private const int Most = 1024;

    private readonly Dictionary<string, Socket> _byName;

    private InheritedSockets(Dictionary<string, Socket> byName) => _byName = byName;

    public static InheritedSockets None { get; } = new([]);

    /// <exception cref="ListenException">What was handed over makes no sense.</exception>
    public static InheritedSockets FromEnvironment()
    {
        string? process = Take("LISTEN_PID"), count = Take("LISTEN_FDS"), names = Take("LISTEN_FDNAMES");

        // Somebody else's: variables pass through shells and wrappers.
        if (process != Environment.ProcessId.ToString(CultureInfo.InvariantCulture))
        {
            return None;
        }

        if (!int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int descriptors) || descriptors is < 1 or > Most)
        {
            throw new ListenException($"LISTEN_FDS is '{Printable.Of(count ?? "")}', not the number of sockets that were handed over.");
        }

        string[] named = (names ?? "").Split(':');
        if (named.Length != descriptors)
        {
            throw new ListenException($"{descriptors} sockets were handed over with {named.Length} names. Each socket unit needs FileDescriptorName=, a listener's name.");
        }

        var byName = new Dictionary<string, Socket>(StringComparer.Ordinal);
        for (int i = 0; i < descriptors; i++)
        {
            // The child of a first load must not inherit them in turn.
            if (!Descriptors.TryCloseOnExec(First + i))
            {
                throw new ListenException($"LISTEN_FDS promises {descriptors} sockets, but descriptor {First + i} is not open.");
            }

            var socket = new Socket(new SafeSocketHandle(First + i, ownsHandle: true));
            if (!byName.TryAdd(named[i], socket))
            {
                throw new ListenException($"two sockets named '{Printable.Of(named[i])}' were handed over. FileDescriptorName= is one listener's name.");
            }
        }

        return new InheritedSockets(byName);
    }

    /// <summary>True when the service manager made, and will remove, the socket of this listener.</summary>
    public bool Has(ListenSettings listen) => _byName.ContainsKey(listen.Name);

    /// <summary>The socket of this listener; null when it is the daemon's to make.</summary>
    /// <exception cref="ListenException">It is not the one that edged.toml describes.</exception>
    public Socket? For(ListenSettings listen)
    {
        if (!_byName.TryGetValue(listen.Name, out Socket? socket))
        {
            return null;
        }

        return listen.Tcp is { } tcp ? CheckTcp(socket, listen.Name, tcp.EndPoint) : CheckUnix(socket, listen);
    }

    /// <exception cref="ListenException">One was handed over that nobody will serve: its callers would wait for ever.</exception>
    public void RequireNames(IEnumerable<ListenSettings> listeners)
    {
        string? stranger = _byName.Keys.Except(listeners.Select(listen => listen.Name), StringComparer.Ordinal).FirstOrDefault();
        if (stranger is not null)
        {
            throw new ListenException($"a socket named '{Printable.Of(stranger)}' was handed over, and no [[listen]] of edged.toml has that name. FileDescriptorName= is a listener's name.");
        }
    }

    private static Socket CheckTcp(Socket socket, string name, IPEndPoint described)
    {
        // TLS is spoken on whatever it is: at another address than the operator wrote down would be an open door that nobody knows of.
        bool agrees = socket.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6
            && socket.SocketType == SocketType.Stream
            && socket.LocalEndPoint is IPEndPoint at
            && at.Port == described.Port
            && at.Address.Equals(described.Address);
        return agrees
            ? socket
            : throw new ListenException(
                $"the socket handed over as '{name}' is at '{Printable.Of(socket.LocalEndPoint?.ToString() ?? "")}', edged.toml has that listener at {described}. ListenStream= and tcp must agree.");
    }

    private static Socket CheckUnix(Socket socket, ListenSettings listen)
    {
        if (socket.AddressFamily != AddressFamily.Unix || socket.SocketType != SocketType.Stream || socket.LocalEndPoint?.ToString() != listen.UnixPath)
        {
            throw new ListenException(
                $"the socket handed over as '{listen.Name}' is at '{Printable.Of(socket.LocalEndPoint?.ToString() ?? "")}', edged.toml has that listener at {listen.UnixPath}. ListenStream= and unix must agree.");
        }

        int mode = FileModes.PermissionsOf(listen.UnixPath!);
        return (mode & ~listen.Mode) == 0
            ? socket
            : throw new ListenException(
                $"{listen.UnixPath} has mode {Octal(mode)}, edged.toml allows that listener {Octal(listen.Mode)}. SocketMode= and mode must agree.");
    }

    // Read once, then gone: they are meant for this process alone.
    private static string? Take(string name)
    {
        string? value = Environment.GetEnvironmentVariable(name);
        Environment.SetEnvironmentVariable(name, null);
        return value;
    }

    private static string Octal(int mode) => "0" + Convert.ToString(mode, 8);
}
