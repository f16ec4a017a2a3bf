using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Tls;
using EdgeDaemon.Identity;
using EdgeDaemon.Native.Posix;
using EdgeDaemon.Native.Tls;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace EdgeDaemon.Listeners;

/// <summary>
/// A connection over the network: may anybody call from there, then TLS 1.3 with a client certificate, then who that is. Only then the server sees it. A caller that is turned
/// away learns nothing but TLS's alert; the log has the reason.
/// </summary>
internal sealed class TlsGreeting(ListenSettings listen, LimitSettings limits, TlsMaterial material, SourceLimits sources, HandshakePlaces places, HandshakeRecord record, TimeProvider clock, Func<IPAddress, bool>? isOutside = null) : IGreeting
{
    private readonly ConcurrentDictionary<TlsConnection, byte> _open = new();
    private volatile TlsMaterial _material = material;
    private ImmutableArray<IPNetwork> _allowed = listen.Tcp!.AllowFrom;

    public string Name => listen.Name;

    /// <summary>Nobody yet: a certificate is shown in the handshake.</summary>
    public Caller? Recognise(StreamSocket socket) => null;

    public async ValueTask<(ConnectionContext Connection, Wire Speaks)?> GreetAsync(SocketConnection connection, CancellationToken closing)
    {
        if (!TryEnter(connection, out IPEndPoint? source, out SourceNetwork network))
        {
            return null;
        }

        TlsConnection? greeted = null;
        try
        {
            connection.RemoteEndPoint = source;
            connection.Socket.NoDelay();
            greeted = await HandshakeAsync(connection, source, network, closing);
        }
        finally
        {
            if (greeted is null)
            {
                sources.Leave(network);
            }
        }

        if (greeted is null)
        {
            return null;
        }

        ReadOnlyMemory<byte> protocol = ((ITlsApplicationProtocolFeature)greeted).ApplicationProtocol;
        return (greeted, protocol.Span.SequenceEqual(SslApplicationProtocol.Http2.Protocol.Span) ? Wire.Http2 : Wire.Http1);
    }

    /// <summary>
    /// From now on this material counts, and these networks: for whoever comes, and for who is there. Open connections stay unless the new material would not let them in.
    /// </summary>
    public void Apply(ListenSettings settings, TlsMaterial next)
    {
        _allowed = settings.Tcp!.AllowFrom;
        _material = next;

        // Milliseconds for each: not on the caller's thread.
        _ = Task.Run(() =>
        {
            foreach (TlsConnection open in _open.Keys)
            {
                CloseUnless(open);
            }
        });
    }

    // By what counts now: of two reloads the later one's. Whoever cannot be judged is closed, and the next is looked at all the same.
    private void CloseUnless(TlsConnection open)
    {
        string? reason;
        try
        {
            ClientFinding finding = _material.JudgeAgain(open.Client);
            reason = !finding.IsGood ? finding.Text : IsAllowed(((IPEndPoint)open.RemoteEndPoint!).Address) ? null : "its network is not in allow_from";
        }
        catch (Exception unjudged)
        {
            reason = $"it could not be judged again: {unjudged.Message}";
        }

        if (reason is not null && _open.TryRemove(open, out _))
        {
            try
            {
                record.TurnedAway(listen.Name, (IPEndPoint)open.RemoteEndPoint!, HandshakeOutcome.ClosedByReload, $"{open.Client.Caller}: {reason}");
            }
            finally
            {
                open.Abort(new ConnectionAbortedException("the client's certificate or network no longer counts"));
            }
        }
    }

    private bool TryEnter(SocketConnection connection, [NotNullWhen(true)] out IPEndPoint? source, out SourceNetwork network)
    {
        network = default;
        try
        {
            source = connection.Socket.PeerEndPoint();
        }
        catch (PosixException)
        {
            source = null; // It left before it was asked.
            return false;
        }

        if (isOutside is not null && isOutside(source.Address))
        {
            connection.Place.IsTurnedAway = true;
            record.TurnedAway(listen.Name, source, HandshakeOutcome.NotAllowed, "it is left outside for a while (penalty)");
            return false;
        }

        SourceVerdict verdict = IsAllowed(source.Address) ? sources.Enter(source.Address, out network) : SourceVerdict.NotAllowed;
        connection.Place.IsTurnedAway = verdict != SourceVerdict.Admitted;
        switch (verdict)
        {
            case SourceVerdict.Admitted:
                return true;
            case SourceVerdict.NotAllowed:
                record.TurnedAway(listen.Name, source, HandshakeOutcome.NotAllowed, "its network is not in allow_from");
                return false;
            case SourceVerdict.TooManyConnections:
                record.TurnedAway(listen.Name, source, HandshakeOutcome.TooManyConnections, $"it has {limits.MaxSourceConnections} connections open (max_source_connections)");
                return false;
            default:
                record.TurnedAway(listen.Name, source, HandshakeOutcome.TooManyHandshakes, $"it begins more than {limits.SourceHandshakesPerSecond} handshakes a second (source_handshakes_per_second)");
                return false;
        }
    }

    private bool IsAllowed(IPAddress address)
    {
        ImmutableArray<IPNetwork> allowed = _allowed;
        if (allowed.IsEmpty)
        {
            return true;
        }

        foreach (IPNetwork network in allowed)
        {
            if (network.Contains(address))
            {
                return true;
            }
        }

        return false;
    }

    private async ValueTask<TlsConnection?> HandshakeAsync(SocketConnection connection, IPEndPoint source, SourceNetwork network, CancellationToken closing)
    {
        TlsMaterial now = _material;
        var proof = new Proof(now);
        TlsStream tls;
        try
        {
            tls = new TlsStream(connection, new SslSession(now.Context, connection.Socket, proof.Judge), places);
        }
        catch (SslFailedException noMemory)
        {
            record.TurnedAway(listen.Name, source, HandshakeOutcome.Failed, noMemory.Message, blameless: true);
            return null;
        }

        TlsConnection? greeted = null;
        bool open = false;
        using var time = new CancellationTokenSource(limits.HandshakeTimeout, clock);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(time.Token, closing);
        try
        {
            await tls.HandshakeAsync(patience.Token);
            TlsClient client = proof.Client ?? throw new AuthenticationException("the certificate was not judged");
            greeted = new TlsConnection(connection, tls, client, closed =>
            {
                _open.TryRemove(closed, out _);
                sources.Leave(network);
            });
            connection.Features.Set(new Arrival(listen, client.Caller));
            record.Completed();
            _open.TryAdd(greeted, 0);
            if (_material != now || !IsAllowed(source.Address))
            {
                CloseUnless(greeted); // It changed in between, and its sweep may have missed this one.
            }

            open = true;
            return greeted;
        }
        catch (Exception failed) when (greeted is null)
        {
            Report(failed, proof, source, time.IsCancellationRequested, closing.IsCancellationRequested);
            return null;
        }
        finally
        {
            if (greeted is null)
            {
                await tls.DisposeAsync();
            }
            else if (!open)
            {
                await greeted.DisposeAsync(); // Whatever went wrong since, the session and its source's place are not lost with it.
            }
        }
    }

    private void Report(Exception failed, Proof proof, IPEndPoint source, bool late, bool closing)
    {
        if (failed is SslFailedException { WithoutCertificate: true })
        {
            record.TurnedAway(listen.Name, source, HandshakeOutcome.CertificateRefused, $"{ClientFault.Malformed}: no certificate was shown");
        }
        else if (!proof.Finding.IsGood)
        {
            record.TurnedAway(listen.Name, source, HandshakeOutcome.CertificateRefused, $"{proof.Finding.Fault}: {proof.Finding.Text}", blameless: proof.Finding.IsDevices);
        }
        else if (late)
        {
            record.TurnedAway(listen.Name, source, HandshakeOutcome.TimedOut, $"its handshake was not done after {limits.HandshakeTimeout.TotalSeconds:0} s (handshake_timeout_seconds)");
        }
        else if (!closing)
        {
            record.TurnedAway(listen.Name, source, HandshakeOutcome.Failed, (failed.InnerException ?? failed).Message);
        }
    }

    /// <summary>The certificate's judgement within one handshake.</summary>
    private sealed class Proof(TlsMaterial material)
    {
        public ClientFinding Finding { get; private set; } = ClientFinding.Good;

        public TlsClient? Client { get; private set; }

        /// <param name="shown">DER, the client's own first; of a resumed session it alone.</param>
        public bool Judge(ImmutableArray<byte[]> shown)
        {
            Finding = material.Judge(shown, out TlsClient? client);
            Client = client;
            return Finding.IsGood && client is not null;
        }
    }
}
