using System.IO.Pipelines;
using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace EdgeDaemon.Listeners;

/// <summary>A connection whose handshake is done, as the server sees it: plain bytes, and the word that they came over TLS.</summary>
internal sealed class TlsConnection : ConnectionContext, ITlsConnectionFeature, ITlsHandshakeFeature, ITlsApplicationProtocolFeature
{
    // One TLS record: smaller blocks would take several reads for it.
    private const int ReadBlock = 16 * 1024;
    private const int LeastRoom = 1024;

    private readonly SocketConnection _socket;
    private readonly TlsStream _tls;
    private readonly byte[] _protocol;
    private readonly Action<TlsConnection> _gone;
    private int _disposed;

    /// <param name="socket">What lies below.</param>
    /// <param name="tls">Its handshake is done.</param>
    /// <param name="client">Who is there.</param>
    /// <param name="gone">Called once, when everything is closed.</param>
    public TlsConnection(SocketConnection socket, TlsStream tls, TlsClient client, Action<TlsConnection> gone)
    {
        _socket = socket;
        _tls = tls;
        _protocol = tls.Session.Protocol;
        _gone = gone;
        Client = client;

        // Waits without a block: an idle caller costs no memory beyond TLS's own.
        PipeReader input = PipeReader.Create(tls, new StreamPipeReaderOptions(socket.Segments, ReadBlock, LeastRoom, leaveOpen: true, useZeroByteReads: true));
        Transport = new Duplex(input, new TlsWriter(tls, socket));
        Features.Set<ITlsConnectionFeature>(this);
        Features.Set<ITlsHandshakeFeature>(this);
        Features.Set<ITlsApplicationProtocolFeature>(this);
    }

    public TlsClient Client { get; }

    public override IDuplexPipe Transport { get; set; }

    public override string ConnectionId
    {
        get => _socket.ConnectionId;
        set => _socket.ConnectionId = value;
    }

    public override IFeatureCollection Features => _socket.Features;

    public override IDictionary<object, object?> Items
    {
        get => _socket.Items;
        set => _socket.Items = value;
    }

    public override EndPoint? LocalEndPoint
    {
        get => _socket.LocalEndPoint;
        set => _socket.LocalEndPoint = value;
    }

    public override EndPoint? RemoteEndPoint
    {
        get => _socket.RemoteEndPoint;
        set => _socket.RemoteEndPoint = value;
    }

    public override CancellationToken ConnectionClosed
    {
        get => _socket.ConnectionClosed;
        set => _socket.ConnectionClosed = value;
    }

    // Who the client is stands in Arrival; nobody below the server needs the certificate itself.
    X509Certificate2? ITlsConnectionFeature.ClientCertificate
    {
        get => null;
        set => throw new NotSupportedException();
    }

    ReadOnlyMemory<byte> ITlsApplicationProtocolFeature.ApplicationProtocol => _protocol;

    SslProtocols ITlsHandshakeFeature.Protocol => SslProtocols.Tls13;

#pragma warning disable SYSLIB0058 // The interface asks for them; nobody here does.
    CipherAlgorithmType ITlsHandshakeFeature.CipherAlgorithm => CipherAlgorithmType.None;

    int ITlsHandshakeFeature.CipherStrength => 0;

    HashAlgorithmType ITlsHandshakeFeature.HashAlgorithm => HashAlgorithmType.None;

    int ITlsHandshakeFeature.HashStrength => 0;

    ExchangeAlgorithmType ITlsHandshakeFeature.KeyExchangeAlgorithm => ExchangeAlgorithmType.None;

    int ITlsHandshakeFeature.KeyExchangeStrength => 0;
#pragma warning restore SYSLIB0058

    Task<X509Certificate2?> ITlsConnectionFeature.GetClientCertificateAsync(CancellationToken cancellationToken) => Task.FromResult<X509Certificate2?>(null);

    public override void Abort(ConnectionAbortedException abortReason) => _socket.Abort(abortReason);

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            try
            {
                await Transport.Output.CompleteAsync();
                Transport.Input.CancelPendingRead();
                await Transport.Input.CompleteAsync();
                await _tls.DisposeAsync();
            }
            finally
            {
                // Whatever TLS made of its end: the socket and the places are given back.
                await _socket.DisposeAsync();
                _gone(this);
            }
        }

        await base.DisposeAsync();
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
