using System.Net;
using System.Net.Sockets;

namespace EdgeDaemon.Listeners;

/// <summary>Binds a listening TCP socket; what comes through it is TLS, never anything else (design: plain TCP does not exist).</summary>
internal static class TcpListenSocket
{
    private const int Backlog = 512;

    public static Socket Bind(IPEndPoint endpoint)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endpoint.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true; // [::] means everybody, by either version.
            }

            socket.Bind(endpoint);
            socket.Listen(Backlog);
            return socket;
        }
        catch (SocketException failure)
        {
            socket.Dispose();
            throw new ListenException($"cannot listen on {endpoint}: {failure.Message}. Is the address one of this device's, and the port free?", failure);
        }
    }
}
