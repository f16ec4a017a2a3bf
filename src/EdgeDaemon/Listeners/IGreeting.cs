using EdgeDaemon.Identity;
using EdgeDaemon.Native.Posix;
using Microsoft.AspNetCore.Connections;

namespace EdgeDaemon.Listeners;

/// <summary>What happens on a new connection before the HTTP server sees it: who is there, and what does he speak.</summary>
internal interface IGreeting
{
    /// <summary>Who is there, if that is known without a word from him: then he is counted, or cut, before a byte is read. Null otherwise.</summary>
    Caller? Recognise(StreamSocket socket);

    /// <summary>Gives the connection that goes on, its <see cref="Arrival"/> among its features, and what it speaks; null for one that is to be cut.</summary>
    /// <param name="connection">Not started: the greeting starts it as it is, or over TLS.</param>
    /// <param name="closing">Fires when the listener closes.</param>
    ValueTask<(ConnectionContext Connection, Wire Speaks)?> GreetAsync(SocketConnection connection, CancellationToken closing);
}
