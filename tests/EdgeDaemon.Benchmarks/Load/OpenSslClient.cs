using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace EdgeDaemon.Benchmarks.Load;

/// <summary>
/// One thread's connections over OpenSSL's own client, for handshakes: it says of each whether it was resumed, which the framework's does not, and a
/// handshake that was not of the kind that is measured ends the run.
/// </summary>
internal sealed class OpenSslClient : IDisposable
{
    private const string Library = "libssl.so.3";
    private const int Pem = 1;
    private const int VerifyPeer = 1;
    private const int SetMinimalVersion = 123;
    private const int SetServerName = 55;
    private const int Tls13 = 0x0304;
    private const int ShutDownBothWays = 3;

    private readonly nint _context;
    private readonly bool _resume;
    private nint _session;

    /// <param name="folder">With client.pem, client.key and root.pem.</param>
    /// <param name="resume">Whether all connections but the first resume the one before; one that does not is an error, and so is one that does unasked.</param>
    public OpenSslClient(string folder, bool resume)
    {
        _resume = resume;
        _context = NewContext(Method());
        Good(Control(_context, SetMinimalVersion, Tls13, 0) == 1, "TLS 1.3");
        Good(UseChain(_context, Text(Path.Combine(folder, "client.pem"))) == 1, "client.pem");
        Good(UseKey(_context, Text(Path.Combine(folder, "client.key")), Pem) == 1, "client.key");
        Good(LoadRoots(_context, Text(Path.Combine(folder, "root.pem")), 0) == 1, "root.pem");
        SetVerify(_context, VerifyPeer, 0);
    }

    public Stream Connect(string address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 60_000 };
        socket.Connect(IPEndPoint.Parse(address));
        nint tls = New(_context);
        Good(SetDescriptor(tls, (int)socket.Handle) == 1, "descriptor");
        Good(ControlConnection(tls, SetServerName, 0, Text("localhost")) == 1, "server's name");
        bool expected = _resume && _session != 0;
        if (expected)
        {
            Good(SetSession(tls, _session) == 1, "session");
        }

        Good(Handshake(tls) == 1, "handshake");
        Good(Reused(tls) == (expected ? 1 : 0), expected ? "resumption: the handshake was a whole one" : "whole handshake: it was a resumed one");
        return new Connection(this, socket, tls);
    }

    public void Dispose()
    {
        FreeSession(_session);
        FreeContext(_context);
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text + '\0');

    private static void Good(bool done, string what)
    {
        if (!done)
        {
            throw new LoadException($"OpenSSL: no {what}");
        }
    }

    /// <summary>Ends without a word, as the framework's client does; a session that ends otherwise counts as broken and could not be resumed.</summary>
    private void End(nint tls)
    {
        if (_resume)
        {
            // The ticket came behind the handshake, and was read with the answer.
            FreeSession(_session);
            _session = TakeSession(tls);
        }

        SetShutdown(tls, ShutDownBothWays);
        Free(tls);
    }

    [DllImport(Library, EntryPoint = "TLS_client_method")]
    private static extern nint Method();

    [DllImport(Library, EntryPoint = "SSL_CTX_new")]
    private static extern nint NewContext(nint method);

    [DllImport(Library, EntryPoint = "SSL_CTX_free")]
    private static extern void FreeContext(nint context);

    [DllImport(Library, EntryPoint = "SSL_CTX_ctrl")]
    private static extern nint Control(nint context, int command, nint number, nint pointer);

    [DllImport(Library, EntryPoint = "SSL_CTX_use_certificate_chain_file")]
    private static extern int UseChain(nint context, byte[] file);

    [DllImport(Library, EntryPoint = "SSL_CTX_use_PrivateKey_file")]
    private static extern int UseKey(nint context, byte[] file, int type);

    [DllImport(Library, EntryPoint = "SSL_CTX_load_verify_locations")]
    private static extern int LoadRoots(nint context, byte[] file, nint folder);

    [DllImport(Library, EntryPoint = "SSL_CTX_set_verify")]
    private static extern void SetVerify(nint context, int mode, nint callback);

    [DllImport(Library, EntryPoint = "SSL_new")]
    private static extern nint New(nint context);

    [DllImport(Library, EntryPoint = "SSL_free")]
    private static extern void Free(nint tls);

    [DllImport(Library, EntryPoint = "SSL_set_fd")]
    private static extern int SetDescriptor(nint tls, int descriptor);

    [DllImport(Library, EntryPoint = "SSL_ctrl")]
    private static extern nint ControlConnection(nint tls, int command, nint number, byte[] pointer);

    [DllImport(Library, EntryPoint = "SSL_connect")]
    private static extern int Handshake(nint tls);

    [DllImport(Library, EntryPoint = "SSL_session_reused")]
    private static extern int Reused(nint tls);

    [DllImport(Library, EntryPoint = "SSL_set_session")]
    private static extern int SetSession(nint tls, nint session);

    [DllImport(Library, EntryPoint = "SSL_get1_session")]
    private static extern nint TakeSession(nint tls);

    [DllImport(Library, EntryPoint = "SSL_SESSION_free")]
    private static extern void FreeSession(nint session);

    [DllImport(Library, EntryPoint = "SSL_set_shutdown")]
    private static extern void SetShutdown(nint tls, int ways);

    [DllImport(Library, EntryPoint = "SSL_read")]
    private static extern int Read(nint tls, ref byte buffer, int length);

    [DllImport(Library, EntryPoint = "SSL_write")]
    private static extern int Write(nint tls, ref byte buffer, int length);

    private sealed class Connection(OpenSslClient owner, Socket socket, nint tls) : Stream
    {
        private nint _tls = tls;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        /// <summary>0 at the end, and when the connection broke.</summary>
        public override int Read(Span<byte> buffer) => Math.Max(0, OpenSslClient.Read(_tls, ref MemoryMarshal.GetReference(buffer), buffer.Length));

        public override void Write(ReadOnlySpan<byte> buffer) =>
            Good(OpenSslClient.Write(_tls, ref MemoryMarshal.GetReference(buffer), buffer.Length) == buffer.Length, "way to write");

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (_tls != 0)
            {
                owner.End(_tls);
                _tls = 0;
                socket.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
