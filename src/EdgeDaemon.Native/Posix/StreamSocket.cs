using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EdgeDaemon.Native.Posix;

/// <summary>
/// A connected stream socket whose calls never wait. <see cref="ReadinessQueue"/> says when to try again.
/// </summary>
public sealed unsafe class StreamSocket : SafeHandleMinusOneIsInvalid
{
    /// <summary>What a call returns that would have had to wait.</summary>
    public const int WouldWait = -1;

    private StreamSocket(int descriptor)
        : base(ownsHandle: true) => SetHandle(descriptor);

    /// <summary>The next connection of a listening socket; null when none waits.</summary>
    /// <param name="listener">Must not block.</param>
    /// <exception cref="PosixException">Out of descriptors, or the caller left before it was accepted: the next may do better.</exception>
    public static StreamSocket? Accept(SafeHandle listener)
    {
        while (true)
        {
            int descriptor = SocketCalls.Accept(listener, null, null, SocketCalls.NonBlocking | SocketCalls.CloseOnExec);
            if (descriptor >= 0)
            {
                return new StreamSocket(descriptor);
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case Errno.WouldBlock:
                    return null;
                case Errno.Interrupted:
                    continue;
                default:
                    throw PosixException.Last("accept", "connection");
            }
        }
    }

    /// <summary>Who made this connection of a Unix socket, as the kernel wrote it down then (unix(7), SO_PEERCRED).</summary>
    /// <exception cref="PosixException">It is no Unix socket.</exception>
    public PeerCredentials Peer()
    {
        PeerCredentials peer;
        uint length = (uint)sizeof(PeerCredentials);
        return SocketCalls.GetOption(this, SocketCalls.SocketLevel, SocketCalls.PeerCredentials, &peer, &length) == 0
            ? peer
            : throw PosixException.Last("ask for the peer of", "connection");
    }

    /// <summary>The supplementary groups of whoever made this connection of a Unix socket, with the primary one (SO_PEERGROUPS, Linux 4.13).</summary>
    /// <exception cref="PosixException">It is no Unix socket.</exception>
    public ImmutableArray<uint> PeerGroups()
    {
        const int MostGroups = 65536; // NGROUPS_MAX
        uint[] groups = new uint[32];
        while (true)
        {
            uint bytes = (uint)(groups.Length * sizeof(uint));
            fixed (uint* place = groups)
            {
                if (SocketCalls.GetOption(this, SocketCalls.SocketLevel, SocketCalls.PeerGroups, place, &bytes) == 0)
                {
                    ImmutableArray<uint> supplementary = [.. groups.AsSpan(0, (int)bytes / sizeof(uint))];
                    uint primary = Peer().Group;
                    return supplementary.Contains(primary) ? supplementary : supplementary.Add(primary);
                }
            }

            // ERANGE: the kernel has said how many bytes it needs.
            if (Marshal.GetLastPInvokeError() != Errno.Range || bytes / sizeof(uint) is 0 or > MostGroups)
            {
                throw PosixException.Last("ask for the groups of the peer of", "connection");
            }

            groups = new uint[bytes / sizeof(uint)];
        }
    }

    /// <summary>The network address and port at the other end; an IPv4 address that came through an IPv6 socket is given as IPv4.</summary>
    /// <exception cref="PosixException">The connection is gone, or no network connection.</exception>
    public IPEndPoint PeerEndPoint()
    {
        // struct sockaddr_in: family, port, address; sockaddr_in6: family, port, flow, address, scope. Ports and addresses in network order.
        byte* bytes = stackalloc byte[28];
        uint length = 28;
        if (SocketCalls.GetPeerName(this, bytes, &length) != 0)
        {
            throw PosixException.Last("ask for the peer of", "connection");
        }

        int port = BinaryPrimitives.ReadUInt16BigEndian(new ReadOnlySpan<byte>(bytes + 2, 2));
        switch (*(ushort*)bytes)
        {
            case SocketCalls.Internet:
                return new IPEndPoint(new IPAddress(new ReadOnlySpan<byte>(bytes + 4, 4)), port);
            case SocketCalls.Internet6:
                var address = new IPAddress(new ReadOnlySpan<byte>(bytes + 8, 16));
                return new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, port);
            default:
                throw new PosixException("ask for the network address of", "connection", Errno.NotSupported);
        }
    }

    /// <summary>Sends what there is at once (tcp(7), TCP_NODELAY): an answer is written whole, and none waits for a caller's acknowledgement.</summary>
    public void NoDelay()
    {
        int on = 1;
        _ = SocketCalls.SetOption(this, SocketCalls.TcpLevel, SocketCalls.NoDelay, &on, sizeof(int)); // Not worth a connection.
    }

    /// <summary>Takes what has arrived: the number of bytes, 0 when the other side has finished sending, or <see cref="WouldWait"/>.</summary>
    /// <exception cref="PosixException">The connection is gone.</exception>
    public int Receive(Span<byte> buffer)
    {
        fixed (byte* bytes = buffer)
        {
            while (true)
            {
                nint received = SocketCalls.Receive(this, bytes, (nuint)buffer.Length, SocketCalls.DoNotWait);
                if (received >= 0)
                {
                    return (int)received;
                }

                if (!Again("receive from"))
                {
                    return WouldWait;
                }
            }
        }
    }

    /// <summary>Bytes have arrived that were not taken; for a third of what it costs to try. An end of the input is none (unix(7), SIOCINQ).</summary>
    public bool HasUnread()
    {
        int bytes;
        return SocketCalls.Ask(this, SocketCalls.Unread, &bytes) != 0 || bytes > 0; // Whoever takes them learns what is wrong.
    }

    /// <summary>From now on each piece of data says who sent it. For Unix sockets; of a listening one, it counts for the connections made from then on (unix(7), SO_PASSCRED).</summary>
    /// <exception cref="PosixException">It is no Unix socket.</exception>
    public static void AskForSenders(SafeHandle socket)
    {
        int on = 1;
        if (SocketCalls.SetOption(socket, SocketCalls.SocketLevel, SocketCalls.PassCredentials, &on, sizeof(int)) != 0)
        {
            throw PosixException.Last("ask for the senders of", "connection");
        }
    }

    /// <summary>
    /// Takes what has arrived and says whose it is: a descriptor can be handed on, or outlive a change of user, and data of two processes are never
    /// taken as one. Descriptors that came with it are gone: the kernel has no room to put them, and installs none.
    /// </summary>
    /// <returns>As <see cref="Receive(Span{byte})"/>; 0 and <see cref="WouldWait"/> have no sender.</returns>
    /// <exception cref="PosixException">The connection is gone.</exception>
    public int Receive(Span<byte> buffer, out PieceSender sender)
    {
        fixed (byte* bytes = buffer)
        {
            SocketCalls.SenderControl control;
            var room = new SocketCalls.Room { Start = bytes, Length = (nuint)buffer.Length };
            while (true)
            {
                control = default;
                var message = new SocketCalls.MessageHeader { Rooms = &room, RoomCount = 1, Control = &control, ControlLength = (nuint)sizeof(SocketCalls.SenderControl) };
                nint received = SocketCalls.ReceiveMessage(this, &message, SocketCalls.DoNotWait);
                if (received >= 0)
                {
                    bool known = control is { Level: SocketCalls.SocketLevel, Type: SocketCalls.SenderControl.Credentials };
                    sender = new PieceSender(known ? control.Sender : PieceSender.Nobody, (message.Flags & SocketCalls.ControlTruncated) != 0);
                    return (int)received;
                }

                if (!Again("receive from"))
                {
                    sender = default;
                    return WouldWait;
                }
            }
        }
    }

    /// <summary>Hands over as much as the kernel has room for: the number of bytes, or <see cref="WouldWait"/>.</summary>
    /// <exception cref="PosixException">The connection is gone.</exception>
    public int Send(ReadOnlySpan<byte> data)
    {
        fixed (byte* bytes = data)
        {
            while (true)
            {
                nint sent = SocketCalls.Send(this, bytes, (nuint)data.Length, SocketCalls.DoNotWait | SocketCalls.NoSignal);
                if (sent >= 0)
                {
                    return (int)sent;
                }

                if (!Again("send to"))
                {
                    return WouldWait;
                }
            }
        }
    }

    /// <summary>Ends both directions: what was sent is still delivered, and whoever waits for readiness is woken. The descriptor stays.</summary>
    public void ShutDown() => _ = SocketCalls.ShutDown(this, SocketCalls.BothWays); // ENOTCONN: the other side was faster.

    /// <summary>Ends this side's sending: what was sent is still delivered, and what the other side sends is not answered with a reset that could overtake it.</summary>
    public void EndSending() => _ = SocketCalls.ShutDown(this, SocketCalls.Sending);

    protected override bool ReleaseHandle() => FileCalls.Close((int)handle) == 0;

    // True: the call was interrupted and is to be made again. False: it would have had to wait.
    private static bool Again(string action) => Marshal.GetLastPInvokeError() switch
    {
        Errno.Interrupted => true,
        Errno.WouldBlock => false,
        _ => throw PosixException.Last(action, "connection"),
    };
}
