using System.Net;
using EdgeDaemon.Core.Configuration;

namespace EdgeDaemon.Listeners;

/// <summary>What a connection speaks, as its first bytes tell.</summary>
internal enum Wire
{
    Http1,
    Http2,
}

/// <summary>One of the two endpoints behind a listener's socket: the server has no other way to be told what arrives on a connection without TLS.</summary>
internal sealed class WireEndPoint(ListenSettings listen, Wire wire) : EndPoint
{
    public ListenSettings Listen { get; } = listen;

    public Wire Wire { get; } = wire;

    public override string ToString() => $"{Listen.Address} ({Wire})";
}
