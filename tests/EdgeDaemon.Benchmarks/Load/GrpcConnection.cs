using System.Buffers.Binary;
using System.Net.Sockets;

namespace EdgeDaemon.Benchmarks.Load;

/// <summary>
/// One HTTP/2 connection over a Unix socket for unary calls, blocking, one stream at a time. Costs little, so that what is measured is the
/// server: a call is one write, its header block is prepared, and the windows are so large that they are opened again hardly ever.
/// </summary>
internal sealed class GrpcConnection : ILoadConnection
{
    private const int FrameHead = 9;
    private const int LargestFrame = 16 * 1024; // What every server takes (RFC 9113, 4.2).
    private const int FirstWindow = 65_535;
    private const int OwnWindow = 1 << 30;

    private const byte Data = 0, Headers = 1, Reset = 3, Settings = 4, Ping = 6, GoAway = 7, WindowUpdate = 8;
    private const byte EndStream = 1, Acknowledged = 1, EndHeaders = 4, Padded = 8, Priority = 0x20;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 60_000 };
    private readonly HeaderBlocks _headers = new();
    private byte[] _received = new byte[64 * 1024];
    private byte[] _out = new byte[32 * 1024];
    private byte[] _body = new byte[4096];
    private int _bodyLength;
    private int _start;
    private int _end;
    private int _outEnd;
    private int _stream = -1;
    private long _streamWindow;
    private long _newStreamWindow = FirstWindow;
    private long _connectionWindow = FirstWindow;
    private long _unacknowledged;
    private string? _http;
    private string? _grpc;
    private string? _grpcMessage;
    private bool _ended;

    public GrpcConnection(string path)
    {
        _socket.Connect(new UnixDomainSocketEndPoint(path));
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.CopyTo(_out);
        _outEnd = 24;
        Span<byte> settings = Frame(Settings, 0, 0, 12);
        BinaryPrimitives.WriteUInt16BigEndian(settings, 2); // ENABLE_PUSH: no.
        BinaryPrimitives.WriteUInt16BigEndian(settings[6..], 4); // INITIAL_WINDOW_SIZE
        BinaryPrimitives.WriteInt32BigEndian(settings[8..], OwnWindow);
        BinaryPrimitives.WriteInt32BigEndian(Frame(WindowUpdate, 0, 0, 4), OwnWindow);
        Flush();
    }

    /// <summary>The answer's message in its frame.</summary>
    public ReadOnlySpan<byte> Body => _body.AsSpan(0, _bodyLength);

    public bool Exchange(ReadOnlySpan<byte> request, bool tolerant = false)
    {
        byte[] block = _stream < 0 ? HeaderBlocks.First : HeaderBlocks.Next;
        _stream += 2;
        _streamWindow = _newStreamWindow;
        _bodyLength = 0;
        (_http, _grpc, _grpcMessage, _ended) = (null, null, null, false);
        block.CopyTo(Frame(Headers, EndHeaders, _stream, block.Length));
        while (!request.IsEmpty && !_ended)
        {
            int take = (int)Math.Min(Math.Min(request.Length, LargestFrame), Math.Min(_streamWindow, _connectionWindow));
            if (take <= 0)
            {
                Flush();
                ReadFrame();
                continue;
            }

            request[..take].CopyTo(Frame(Data, take == request.Length ? EndStream : (byte)0, _stream, take));
            _streamWindow -= take;
            _connectionWindow -= take;
            request = request[take..];
        }

        Flush();
        while (!_ended)
        {
            ReadFrame();
        }

        if (tolerant && _grpc is "8" or "14")
        {
            return false; // RESOURCE_EXHAUSTED, UNAVAILABLE
        }

        if (_http != "200" || _grpc != "0")
        {
            throw new LoadException($"HTTP status {_http ?? "none"}, grpc-status {_grpc ?? "none"}: {_grpcMessage}");
        }

        return true;
    }

    public void Dispose() => _socket.Dispose();

    private void ReadFrame()
    {
        Fill(FrameHead);
        int length = BinaryPrimitives.ReadInt32BigEndian(_received.AsSpan(_start)) >>> 8;
        byte type = _received[_start + 3];
        byte flags = _received[_start + 4];
        int stream = BinaryPrimitives.ReadInt32BigEndian(_received.AsSpan(_start + 5)) & int.MaxValue;
        Fill(FrameHead + length);
        ReadOnlySpan<byte> payload = _received.AsSpan(_start + FrameHead, length);
        _start += FrameHead + length;
        switch (type)
        {
            case Data or Headers when (flags & (Padded | (type == Headers ? Priority | (byte)(~flags & EndHeaders) : 0))) != 0:
                throw new LoadException("padding, priorities and continued headers are not read here");
            case Data:
                Keep(payload);
                break;
            case Headers:
                (string? http, string? grpc, string? message) = _headers.Read(payload);
                (_http, _grpc, _grpcMessage) = (http ?? _http, grpc ?? _grpc, message ?? _grpcMessage);
                break;
            case Reset when stream == _stream:
                throw new LoadException($"the server reset the call, error {BinaryPrimitives.ReadInt32BigEndian(payload)}");
            case GoAway:
                throw new LoadException($"the server ended the connection, error {BinaryPrimitives.ReadInt32BigEndian(payload[4..])}");
            case Settings when (flags & Acknowledged) == 0:
                Take(payload);
                Frame(Settings, Acknowledged, 0, 0);
                Flush();
                break;
            case Ping when (flags & Acknowledged) == 0:
                payload.CopyTo(Frame(Ping, Acknowledged, 0, payload.Length));
                Flush();
                break;
            case WindowUpdate when stream == 0:
                _connectionWindow += BinaryPrimitives.ReadInt32BigEndian(payload);
                break;
            case WindowUpdate when stream == _stream:
                _streamWindow += BinaryPrimitives.ReadInt32BigEndian(payload);
                break;
        }

        _ended |= type is Data or Headers && (flags & EndStream) != 0;
    }

    private void Keep(ReadOnlySpan<byte> payload)
    {
        if (_bodyLength + payload.Length > _body.Length)
        {
            Array.Resize(ref _body, Math.Max(_body.Length * 2, _bodyLength + payload.Length));
        }

        payload.CopyTo(_body.AsSpan(_bodyLength));
        _bodyLength += payload.Length;
        _unacknowledged += payload.Length;
        if (_unacknowledged > OwnWindow / 2)
        {
            BinaryPrimitives.WriteInt32BigEndian(Frame(WindowUpdate, 0, 0, 4), (int)_unacknowledged);
            _unacknowledged = 0;
            Flush();
        }
    }

    private void Take(ReadOnlySpan<byte> settings)
    {
        for (; !settings.IsEmpty; settings = settings[6..])
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(settings) == 4)
            {
                long window = BinaryPrimitives.ReadUInt32BigEndian(settings[2..]);
                _streamWindow += window - _newStreamWindow;
                _newStreamWindow = window;
            }
        }
    }

    /// <summary>Room for a frame's payload behind its head.</summary>
    private Span<byte> Frame(byte type, byte flags, int stream, int length)
    {
        int size = FrameHead + length;
        if (_outEnd + size > _out.Length)
        {
            Array.Resize(ref _out, Math.Max(_out.Length * 2, _outEnd + size));
        }

        Span<byte> frame = _out.AsSpan(_outEnd, size);
        BinaryPrimitives.WriteInt32BigEndian(frame, length << 8);
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame[5..], stream);
        _outEnd += size;
        return frame[FrameHead..];
    }

    private void Flush()
    {
        for (int sent = 0; sent < _outEnd;)
        {
            sent += _socket.Send(_out.AsSpan(sent, _outEnd - sent));
        }

        _outEnd = 0;
    }

    private void Fill(int bytes)
    {
        while (_end - _start < bytes)
        {
            if (_start > 0)
            {
                _received.AsSpan(_start, _end - _start).CopyTo(_received);
                _end -= _start;
                _start = 0;
            }

            if (_end == _received.Length)
            {
                Array.Resize(ref _received, Math.Max(_received.Length * 2, bytes));
            }

            int received = _socket.Receive(_received.AsSpan(_end));
            _end += received > 0 ? received : throw new LoadException("the server closed the connection");
        }
    }
}
