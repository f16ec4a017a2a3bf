using System.Buffers.Text;
using System.Net.Sockets;
using System.Text;

namespace EdgeDaemon.Benchmarks.Load;

/// <summary>One kept-alive HTTP/1.1 connection over a Unix socket or TLS, blocking, one request at a time. The answer lies in its buffer until the next.</summary>
internal sealed class HttpConnection : ILoadConnection
{
    private readonly Socket? _socket;
    private readonly Stream? _stream;
    private byte[] _buffer = new byte[64 * 1024];
    private int _bodyStart;
    private int _bodyLength;

    public HttpConnection(string path)
    {
        _socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 60_000 };
        _socket.Connect(new UnixDomainSocketEndPoint(path));
    }

    public HttpConnection(string address, ClientTls tls)
        : this(tls.Connect(address))
    {
    }

    public HttpConnection(Stream connected) => _stream = connected;

    /// <summary>A Unix connection as a stream.</summary>
    public static Stream OpenUnix(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        return new NetworkStream(socket, ownsSocket: true);
    }

    public ReadOnlySpan<byte> Body => _buffer.AsSpan(_bodyStart, _bodyLength);

    /// <summary>The head of the last answer, status line first.</summary>
    public string Head => Encoding.Latin1.GetString(_buffer, 0, _bodyStart);

    /// <summary>Sends the request, reads the whole answer; anything but 200 with a Content-Length is an error. False when the server said that it is too much.</summary>
    /// <param name="request">Whole.</param>
    /// <param name="tolerant">Whether 429 and 503 are answers like others.</param>
    public bool Exchange(ReadOnlySpan<byte> request, bool tolerant = false)
    {
        _stream?.Write(request);
        while (_socket is not null && !request.IsEmpty)
        {
            request = request[_socket.Send(request)..];
        }

        int filled = 0;
        int head;
        do
        {
            filled += Receive(filled);
            head = _buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8);
        }
        while (head < 0);

        _bodyStart = head + 4;
        ReadOnlySpan<byte> fields = _buffer.AsSpan(0, head + 2);
        bool good = fields.StartsWith("HTTP/1.1 200 "u8);
        _bodyLength = ContentLength(fields);
        while (filled < _bodyStart + _bodyLength)
        {
            filled += Receive(filled);
        }

        if (tolerant && (fields.StartsWith("HTTP/1.1 429 "u8) || fields.StartsWith("HTTP/1.1 503 "u8)))
        {
            return false;
        }

        if (!good)
        {
            throw new LoadException($"{Head.AsSpan(0, Head.IndexOf('\r'))}: {Encoding.UTF8.GetString(Body[..Math.Min(_bodyLength, 500)])}");
        }

        return true;
    }

    public void Dispose()
    {
        _socket?.Dispose();
        _stream?.Dispose();
    }

    /// <summary>A header field as a number; -1 when it is not there.</summary>
    public int Field(string name)
    {
        foreach (string line in Head.Split("\r\n"))
        {
            if (line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
            {
                return int.Parse(line.AsSpan(name.Length + 1).Trim());
            }
        }

        return -1;
    }

    private static int ContentLength(ReadOnlySpan<byte> fields)
    {
        ReadOnlySpan<byte> name = "\r\ncontent-length:"u8;
        for (int at = 0; at + name.Length <= fields.Length; at++)
        {
            if (fields[at] == '\r' && Ascii.EqualsIgnoreCase(fields.Slice(at, name.Length), name)
                && Utf8Parser.TryParse(fields[(at + name.Length)..].TrimStart((byte)' '), out int length, out _))
            {
                return length;
            }
        }

        throw new LoadException("the answer has no Content-Length");
    }

    private int Receive(int at)
    {
        if (at == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 4);
        }

        int received = _socket?.Receive(_buffer.AsSpan(at)) ?? _stream!.Read(_buffer.AsSpan(at));
        return received > 0 ? received : throw new IOException("the server closed the connection");
    }
}
