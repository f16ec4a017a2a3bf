using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Native.Tls;

/// <summary>
/// The server's side of one TLS 1.3 connection, on OpenSSL itself: records are decrypted straight into the caller's memory, and what OpenSSL held of them is cleansed at
/// once. (The framework's SslStream decrypts in arrays of a pool that everybody shares, and clears none.) No call waits; each may be made from any thread, one reader and one writer
/// beside each other.
/// </summary>
public sealed unsafe class SslSession : IDisposable
{
    /// <summary>What a call returns that must wait for the other side.</summary>
    public const int WouldWait = StreamSocket.WouldWait;

    // OpenSSL's object is not for two threads at a time.
    private readonly Lock _turn = new();
    private readonly SslWire _wire;
    private readonly Func<ImmutableArray<byte[]>, bool> _judge;
    private GCHandle _self;
    private nint _ssl;
    private bool _failed;

    /// <param name="context">What the listener is.</param>
    /// <param name="socket">Stays the caller's; must live as long.</param>
    /// <param name="judge">Is given the client's certificates (DER, its own first), within the handshake: false refuses with the alert bad_certificate. A resumed session
    /// is judged by its leaf alone (all that a ticket holds), before <see cref="Handshake"/> says that it is done.</param>
    /// <exception cref="SslFailedException">OpenSSL has no memory left.</exception>
    public SslSession(SslContext context, StreamSocket socket, Func<ImmutableArray<byte[]>, bool> judge)
    {
        _judge = judge;
        _wire = new SslWire(socket);
        _ssl = SslCalls.New(context);
        if (_ssl == 0)
        {
            throw new SslFailedException("OpenSSL has no memory for a connection");
        }

        _self = GCHandle.Alloc(this);
        nint bio = SslWire.Open(_self);
        if (bio == 0)
        {
            Dispose();
            throw new SslFailedException("OpenSSL has no memory for a connection");
        }

        SslCalls.SetBio(_ssl, bio, bio);
    }

    internal SslWire Wire => _wire;

    /// <summary>Wire bytes since the start.</summary>
    public long Received => _wire.Received;

    /// <summary>Wire bytes since the start.</summary>
    public long Sent => _wire.Sent;

    /// <summary>The last look at the socket found nothing at all; else it may be that a look found less than it had room for.</summary>
    public bool IsEmpty => _wire.IsEmpty;

    /// <summary>Something may have arrived.</summary>
    public void Arrived() => _wire.MayHaveMore = true;

    /// <summary>Goes on with the handshake; false: it waits for the client's next bytes. Milliseconds, where there is a signature to make or a chain to judge.</summary>
    /// <exception cref="SslFailedException">It failed, or the judge refused.</exception>
    /// <exception cref="PosixException">The connection is gone.</exception>
    public bool Handshake()
    {
        lock (_turn)
        {
            Begin();
            int result = SslCalls.Accept(_ssl);
            if (result != 1)
            {
                return Fail(result, "handshake") == WouldWait ? false : throw new SslFailedException("the client closed the connection within the handshake");
            }

            if (SslCalls.IsResumed(_ssl) == 1 && !TryJudge([ClientCertificates.Der(SslCalls.PeerCertificate(_ssl))]))
            {
                _failed = true;
                throw new SslFailedException("the certificate of the resumed session was refused");
            }

            return true;
        }
    }

    /// <summary>What ALPN came to; empty: the client asked for nothing.</summary>
    public byte[] Protocol
    {
        get
        {
            lock (_turn)
            {
                byte* name = null;
                uint length = 0;
                if (_ssl != 0)
                {
                    SslCalls.Protocol(_ssl, &name, &length);
                }

                return new ReadOnlySpan<byte>(name, (int)length).ToArray();
            }
        }
    }

    /// <summary>Decrypts into the buffer: the number of bytes, 0 when the other side has finished, or <see cref="WouldWait"/>.</summary>
    /// <param name="buffer">Not empty.</param>
    /// <exception cref="SslFailedException">What came is no record of this connection's.</exception>
    /// <exception cref="PosixException">The connection is gone.</exception>
    public int Read(Span<byte> buffer)
    {
        lock (_turn)
        {
            Begin();
            nuint read;
            fixed (byte* bytes = buffer)
            {
                int result = SslCalls.Read(_ssl, bytes, (nuint)buffer.Length, &read);
                return result == 1 ? (int)read : Fail(result, "read");
            }
        }
    }

    /// <summary>Whether <see cref="Read"/> has something to say: 1, 0 when the other side has finished, or <see cref="WouldWait"/>. Takes nothing.</summary>
    public int Look()
    {
        lock (_turn)
        {
            Begin();
            byte first;
            nuint read;
            int result = SslCalls.Peek(_ssl, &first, 1, &read);
            return result == 1 ? 1 : Fail(result, "read");
        }
    }

    /// <summary>Encrypts one record: how many bytes of the data are in it, or <see cref="WouldWait"/> while the socket has no room for those before it.</summary>
    /// <param name="data">Not empty.</param>
    /// <exception cref="SslFailedException">TLS cannot go on.</exception>
    /// <exception cref="PosixException">The connection is gone.</exception>
    public int Write(ReadOnlySpan<byte> data)
    {
        lock (_turn)
        {
            Begin();
            if (!_wire.Flush())
            {
                return WouldWait;
            }

            nuint written;
            fixed (byte* bytes = data)
            {
                int result = SslCalls.Write(_ssl, bytes, (nuint)data.Length, &written);
                return result == 1 ? (int)written : Fail(result, "write") == WouldWait ? WouldWait : throw new SslFailedException("TLS write: the connection has ended");
            }
        }
    }

    /// <summary>Sends what the socket had no room for; false while it still has none.</summary>
    /// <exception cref="PosixException">The connection is gone.</exception>
    public bool Flush()
    {
        lock (_turn)
        {
            Begin();
            return _wire.Flush();
        }
    }

    /// <summary>close_notify, as far as the socket has room for it. Nothing is written after it.</summary>
    public void SayEnd()
    {
        lock (_turn)
        {
            if (_ssl != 0 && !_failed && _wire.Failure is null)
            {
                SslCalls.ClearErrors();
                _ = SslCalls.ShutDown(_ssl);
                SslCalls.ClearErrors();
            }
        }
    }

    /// <summary>Cleanses and frees what OpenSSL held of it. Calls that come later are told that it is disposed.</summary>
    public void Dispose()
    {
        lock (_turn)
        {
            if (_ssl != 0)
            {
                SslCalls.Free(_ssl);
                _ssl = 0;
            }

            if (_self.IsAllocated)
            {
                _self.Free();
            }
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    internal static int JudgeClient(nint store, nint argument)
    {
        bool good = false;
        try
        {
            nint ssl = SslCalls.StoreData(store, SslCalls.StoreIndex());
            good = SslWire.SessionOf(SslCalls.ReadBio(ssl)).TryJudge(ClientCertificates.SentTo(store));
        }
        catch (Exception)
        {
            good = false; // Nothing may be thrown through OpenSSL's frames; who cannot be judged is not let in.
        }

        // What the platform's chain engine left in this thread's queue is not this handshake's: it would end a good one.
        SslCalls.ClearErrors();
        SslCalls.SetStoreError(store, good ? 0 : SslCalls.CertificateRejected);
        return good ? 1 : 0;
    }

    private bool TryJudge(ImmutableArray<byte[]> certificates)
    {
        try
        {
            return _judge(certificates);
        }
        catch (Exception)
        {
            return false;
        }
    }

    private void Begin()
    {
        ObjectDisposedException.ThrowIf(_ssl == 0, this);
        if (_wire.Failure is { } failure)
        {
            throw failure;
        }

        SslCalls.ClearErrors(); // Whatever else this thread did with OpenSSL before must not be taken for this connection's.
    }

    // Without a retry: what ended, or why it failed.
    private int Fail(int result, string doing)
    {
        int error = SslCalls.Error(_ssl, result);
        if (error == SslCalls.WantRead)
        {
            return WouldWait;
        }

        string text = SslContext.TakeError(out int reason);
        if (_wire.Failure is { } failure)
        {
            throw failure;
        }

        if (error == SslCalls.CloseNotify || _wire.HasEnded)
        {
            return 0;
        }

        _failed = true;
        throw new SslFailedException($"TLS {doing}: {text}", withoutCertificate: error == SslCalls.ErrorOfProtocol && reason == SslCalls.NoCertificate);
    }
}
