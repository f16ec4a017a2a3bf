using System.Runtime.CompilerServices;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Listeners;

/// <summary>Sends what is flushed as it is.</summary>
internal sealed class PlainWriter(SocketConnection connection) : ConnectionWriter(connection)
{
    protected override ValueTask GiveAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        try
        {
            int sent = Connection.Send(bytes.Span);
            return sent == bytes.Length ? default : GiveRestAsync(bytes[Math.Max(sent, 0)..], cancel);
        }
        catch (PosixException failure)
        {
            return ValueTask.FromException(Connection.Lost(failure));
        }
    }

    // The caller reads more slowly than it asks.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask GiveRestAsync(ReadOnlyMemory<byte> rest, CancellationToken cancel)
    {
        try
        {
            while (!rest.IsEmpty)
            {
                int sent = Connection.Send(rest.Span);
                if (sent == StreamSocket.WouldWait)
                {
                    await Connection.RoomAsync(cancel);
                }
                else
                {
                    rest = rest[sent..];
                }
            }
        }
        catch (PosixException failure)
        {
            throw Connection.Lost(failure);
        }
    }
}
