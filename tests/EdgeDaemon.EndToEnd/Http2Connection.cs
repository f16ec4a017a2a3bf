using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace EdgeDaemon.EndToEnd;

/// <summary>What came back on one stream.</summary>
/// <param name="Headers">Headers and trailers together.</param>
/// <param name="Data">All DATA frames.</param>
/// <param name="Reset">The code of an RST_STREAM that came before the end; null without.</param>
internal sealed record Http2Answer(Dictionary<string, string> Headers, byte[] Data, uint? Reset)
{
    public string Status => Headers.GetValueOrDefault("grpc-status", "none");

    public string Message => Headers.GetValueOrDefault("grpc-message", "");
}

/// <summary>HTTP/2 frame by frame over the daemon's socket: what a well-behaved client would never send can be sent.</summary>
internal sealed class Http2Connection : IDisposable
{
    public const byte Data = 0, Headers = 1, Reset = 3, Settings = 4, Ping = 6, GoAway = 7, WindowUpdate = 8, Continuation = 9;
    public const byte EndStream = 1, Ack = 1, EndHeaders = 4;

    private static readonly byte[] Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    // The names of HPACK's static table (RFC 7541, appendix A) and the values that answers use.
    private static readonly string[] StaticNames =
    [
        "", ":authority", ":method", ":method", ":path", ":path", ":scheme", ":scheme", ":status", ":status", ":status", ":status", ":status", ":status", ":status", "accept-charset",
        "accept-encoding", "accept-language", "accept-ranges", "accept", "access-control-allow-origin", "age", "allow", "authorization", "cache-control", "content-disposition",
        "content-encoding", "content-language", "content-length", "content-location", "content-range", "content-type", "cookie", "date", "etag", "expect", "expires", "from", "host",
        "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "last-modified", "link", "location", "max-forwards", "proxy-authenticate",
        "proxy-authorization", "range", "referer", "refresh", "retry-after", "server", "set-cookie", "strict-transport-security", "transfer-encoding", "user-agent", "vary", "via",
        "www-authenticate",
    ];

    private static readonly string[] StaticStatus = ["200", "204", "206", "304", "400", "404", "500"];

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private int _lastStream = -1;

    public Http2Connection(string path, bool begin = true)
    {
        _socket.ReceiveTimeout = 20_000;
        _socket.SendTimeout = 20_000;
        _socket.Connect(new UnixDomainSocketEndPoint(path));
        if (begin)
        {
            // No dynamic table for answers: then they can be read without one.
            Send([.. Preface, .. Frame(Settings, 0, 0, [0, 1, 0, 0, 0, 0, 0, 4, 0x7f, 0xff, 0xff, 0xff])]);
        }
    }

    public static ReadOnlySpan<byte> Beginning => Preface;

    public static byte[] Frame(byte type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        byte[] frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame.AsSpan(9));
        return frame;
    }

    /// <summary>A header block of literals, without Huffman coding and without any table.</summary>
    public static byte[] Block(params (string Name, string Value)[] headers)
    {
        var block = new List<byte>();
        foreach ((string name, string value) in headers)
        {
            block.Add(0);
            Literal(block, name);
            Literal(block, value);
        }

        return [.. block];
    }

    /// <summary>The header block of a gRPC call.</summary>
    public static byte[] Call(string path, params (string Name, string Value)[] more) => Block(
        [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "edged"), ("te", "trailers"), ("content-type", "application/grpc"), .. more]);

    public int NextStream() => _lastStream += 2;

    public void Send(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[_socket.Send(bytes)..];
        }
    }

    /// <summary>Sends as much as the daemon takes; false when it takes no more for two seconds, or has closed.</summary>
    public bool TrySend(ReadOnlySpan<byte> bytes)
    {
        _socket.SendTimeout = 2000;
        try
        {
            Send(bytes);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>One call: headers, then the body in frames of at most 16 KiB, then its answer.</summary>
    public Http2Answer Ask(byte[] block, byte[] body)
    {
        int stream = Begin(block);
        SendBody(stream, body, end: true);
        return Read(stream);
    }

    public int Begin(byte[] block, bool end = false)
    {
        int stream = NextStream();
        Send(Frame(Headers, (byte)(EndHeaders | (end ? EndStream : 0)), stream, block));
        return stream;
    }

    public void SendBody(int stream, ReadOnlySpan<byte> body, bool end)
    {
        do
        {
            int take = Math.Min(body.Length, 16 * 1024);
            Send(Frame(Data, end && take == body.Length ? EndStream : (byte)0, stream, body[..take]));
            body = body[take..];
        }
        while (!body.IsEmpty);
    }

    /// <summary>Everything until the stream ends; frames of other streams are passed over.</summary>
    public Http2Answer Read(int stream, Func<byte[], bool>? enough = null)
    {
        var headers = new Dictionary<string, string>(StringComparer.Ordinal);
        var data = new List<byte>();
        while (true)
        {
            (byte type, byte flags, int on, byte[] payload) = ReadFrame() ?? throw new AssertFailedException("the connection was closed before the answer");
            Assert.AreNotEqual(GoAway, type, type == GoAway ? $"GOAWAY with code {Code(payload, 4)}" : "");
            if (on != stream)
            {
                continue;
            }

            switch (type)
            {
                case Headers:
                    Decode(payload, headers);
                    break;
                case Data:
                    data.AddRange(payload);
                    break;
                case Reset:
                    return new Http2Answer(headers, [.. data], Code(payload, 0));
            }

            if ((type is Headers or Data && (flags & EndStream) != 0) || (enough is not null && enough([.. data])))
            {
                return new Http2Answer(headers, [.. data], null);
            }
        }
    }

    /// <summary>The next frame; null when the daemon has closed the connection. Settings and pings are acknowledged, windows opened.</summary>
    public (byte Type, byte Flags, int Stream, byte[] Payload)? ReadFrame()
    {
        byte[] head = new byte[9];
        if (!Fill(head))
        {
            return null;
        }

        byte[] payload = new byte[BinaryPrimitives.ReadInt32BigEndian(head) >> 8];
        if (!Fill(payload))
        {
            return null;
        }

        if (head[3] == Settings && (head[4] & Ack) == 0)
        {
            TrySend(Frame(Settings, Ack, 0, []));
        }
        else if (head[3] == Data && payload.Length > 0)
        {
            byte[] size = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(size, payload.Length);
            TrySend(Frame(WindowUpdate, 0, 0, size));
        }

        return (head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)) & int.MaxValue, payload);
    }

    /// <summary>Reads until the daemon ends the connection; the code of its GOAWAY, or null for none.</summary>
    public uint? ReadToEnd()
    {
        uint? code = null;
        while (ReadFrame() is { } frame)
        {
            code = frame.Type == GoAway ? Code(frame.Payload, 4) : code;
        }

        return code;
    }

    public void Dispose() => _socket.Dispose();

    private static uint Code(byte[] payload, int at) => BinaryPrimitives.ReadUInt32BigEndian(payload.AsSpan(at));

    private static void Literal(List<byte> block, string text)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        int length = bytes.Length;
        if (length < 127)
        {
            block.Add((byte)length);
        }
        else
        {
            block.Add(127);
            for (length -= 127; length >= 128; length >>= 7)
            {
                block.Add((byte)(length | 128));
            }

            block.Add((byte)length);
        }

        block.AddRange(bytes);
    }

    public static void Decode(ReadOnlySpan<byte> block, Dictionary<string, string> headers)
    {
        while (!block.IsEmpty)
        {
            byte first = block[0];
            if ((first & 0x80) != 0)
            {
                int index = Integer(ref block, 7);
                Assert.IsTrue(index is >= 8 and <= 14, $"indexed header {index}");
                headers[":status"] = StaticStatus[index - 8];
            }
            else if ((first & 0xE0) == 0x20)
            {
                Integer(ref block, 5); // The size of a table that is not used.
            }
            else
            {
                int index = Integer(ref block, (first & 0x40) != 0 ? 6 : 4);
                string name = index == 0 ? Literal(ref block) : StaticNames[index];
                headers[name] = Literal(ref block);
            }
        }
    }

    private static int Integer(ref ReadOnlySpan<byte> block, int bits)
    {
        int most = (1 << bits) - 1;
        int value = block[0] & most;
        block = block[1..];
        if (value < most)
        {
            return value;
        }

        for (int shift = 0; ; shift += 7)
        {
            byte part = block[0];
            block = block[1..];
            value += (part & 0x7f) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }
    }

    private static string Literal(ref ReadOnlySpan<byte> block)
    {
        Assert.AreEqual(0, block[0] & 0x80, "a Huffman-coded answer");
        int length = Integer(ref block, 7);
        string text = Encoding.Latin1.GetString(block[..length]);
        block = block[length..];
        return text;
    }

    private bool Fill(byte[] bytes)
    {
        try
        {
            for (int filled = 0; filled < bytes.Length;)
            {
                int received = _socket.Receive(bytes.AsSpan(filled));
                if (received == 0)
                {
                    return false;
                }

                filled += received;
            }

            return true;
        }
        catch (SocketException closed) when (closed.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            return false;
        }
    }
}
