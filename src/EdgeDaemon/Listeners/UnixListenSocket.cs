using System.Net.Sockets;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Listeners;

/// <summary>
/// Binds a listening Unix socket with its final mode from the first moment (umask, not a later chmod: in between a
/// stranger could connect), and takes over the path only from a socket that nobody serves any more.
/// </summary>
internal static class UnixListenSocket
{
    private const int Backlog = 512;

    public static Socket Bind(ListenSettings listen)
    {
        string path = listen.UnixPath!;
        RemoveStale(path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            // Process-wide, but binding happens before any other thread creates files; after a drain, for a moment, others' new files are narrower, never wider.
            int before = FileModes.SetUmask(~listen.Mode & 0x1FF);
            try
            {
                socket.Bind(new UnixDomainSocketEndPoint(path));
            }
            finally
            {
                FileModes.SetUmask(before);
            }

            // Before anybody can connect: a connection inherits it then, not when it is accepted.
            StreamSocket.AskForSenders(socket.SafeHandle);
            socket.Listen(Backlog);
            return socket;
        }
        catch (SocketException failure)
        {
            socket.Dispose();
            throw new ListenException(
                $"cannot listen on {path}: {failure.Message}. Does its directory exist, and may this user write there?", failure);
        }
    }

    private static void RemoveStale(string path)
    {
        var entry = new FileInfo(path);
        if (!entry.Exists && entry.LinkTarget is null)
        {
            return;
        }

        // Anything but a socket there is somebody's file; a link could point at one.
        if (!FileModes.IsSocket(path))
        {
            throw new ListenException($"{path} exists and is not a socket. Move it away or configure another path.");
        }

        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException refused) when (refused.SocketErrorCode is SocketError.ConnectionRefused)
        {
            File.Delete(path);
            return;
        }
        catch (SocketException failure)
        {
            throw new ListenException($"{path} is in the way and cannot be tried: {failure.Message}", failure);
        }

        throw new ListenException($"another process is serving {path}. Stop it, or configure another path.");
    }
}
