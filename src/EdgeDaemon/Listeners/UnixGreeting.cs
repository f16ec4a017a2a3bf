using System.IO.Pipelines;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Identity;
using EdgeDaemon.Native.Posix;
using Microsoft.AspNetCore.Connections;

namespace EdgeDaemon.Listeners;

/// <summary>A connection of a Unix socket: the kernel says who it is, its first bytes say what it speaks, and none of them is consumed.</summary>
internal sealed class UnixGreeting(ListenSettings listen, LimitSettings limits) : IGreeting
{
    public Caller? Recognise(StreamSocket socket) => Caller.OfUser(socket.Peer().User, socket.PeerGroups());

    public async ValueTask<(ConnectionContext Connection, Wire Speaks)?> GreetAsync(SocketConnection connection, CancellationToken closing)
    {
        connection.Features.Set(new Arrival(listen, connection.Place.Caller!));
        connection.Start();
        return await SortAsync(connection.Transport.Input, closing) is { } wire ? (connection, wire) : null;
    }

    // Silence may last as long as between requests; a beginning, fed byte by byte or not, has a head's time.
    private async ValueTask<Wire?> SortAsync(PipeReader input, CancellationToken closing)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(closing);
        patience.CancelAfter(limits.IdleTimeout);
        bool begun = false;
        while (true)
        {
            ReadResult result = await input.ReadAsync(patience.Token);
            Wire? wire = FirstBytes.Sort(result.Buffer);
            if (wire is null && result.IsCompleted && !result.Buffer.IsEmpty)
            {
                wire = Wire.Http1; // Not a whole preface and no more to come: the other server says what is wrong with it.
            }

            if (wire is not null)
            {
                input.AdvanceTo(result.Buffer.Start); // Nothing is examined: the server finds all of it, at once.
                return wire;
            }

            input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (result.IsCompleted)
            {
                return null;
            }

            if (!begun && !result.Buffer.IsEmpty)
            {
                begun = true;
                patience.CancelAfter(limits.HeadTimeout);
            }
        }
    }
}
