using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace EdgeDaemon.EndToEnd;

/// <summary>An answer as it came over the wire.</summary>
internal sealed record HttpAnswer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public bool Closes => Headers.TryGetValue("Connection", out string? value) && value.Equals("close", StringComparison.OrdinalIgnoreCase);

    public JsonElement Json => JsonDocument.Parse(Body.AsMemory(0, HeadLength)).RootElement;

    /// <summary>The public text of a refusal, without the request's id.</summary>
    public string Error
    {
        get
        {
            string text = Json.GetProperty("error").GetString()!;
            int id = text.IndexOf(" (request ", StringComparison.Ordinal);
            Assert.IsGreaterThan(0, id, $"'{text}' names no request");
            StringAssert.Matches(text[id..], new(@"^ \(request [0-9a-f]+-[0-9a-f]+\)$"));
            return text[..id];
        }
    }

    private int HeadLength => Headers.TryGetValue("Inference-Header-Content-Length", out string? length)
        ? int.Parse(length, CultureInfo.InvariantCulture)
        : Body.Length;

    public ReadOnlySpan<byte> Binary => Body.AsSpan(HeadLength);
}

/// <summary>HTTP/1.1 by hand over one Unix socket: it sends what it is told, well formed or not.</summary>
internal sealed class HttpConnection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 30_000 };
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    public HttpConnection(string path) => _socket.Connect(new UnixDomainSocketEndPoint(path));

    public static byte[] Request(string method, string target, ReadOnlySpan<byte> body = default, params string[] headers)
    {
        var text = new StringBuilder($"{method} {target} HTTP/1.1\r\nHost: edged\r\n");
        foreach (string header in headers)
        {
            text.Append(header).Append("\r\n");
        }

        if (method == "POST" && !headers.Any(header => header.StartsWith("Content-Length:", StringComparison.Ordinal) || header.StartsWith("Transfer-Encoding:", StringComparison.Ordinal)))
        {
            text.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n");
        }

        return [.. Encoding.Latin1.GetBytes(text.Append("\r\n").ToString()), .. body];
    }

    public HttpAnswer Get(string target) => Ask(Request("GET", target));

    public HttpAnswer Ask(byte[] request, bool head = false)
    {
        Send(request);
        return Read(head) ?? throw new AssertFailedException("the connection was closed without an answer");
    }

    /// <summary>False when the daemon has closed the connection.</summary>
    public bool Send(ReadOnlySpan<byte> bytes)
    {
        try
        {
            while (!bytes.IsEmpty)
            {
                bytes = bytes[_socket.Send(bytes)..];
            }

            return true;
        }
        catch (SocketException closed) when (closed.SocketErrorCode is SocketError.Shutdown or SocketError.ConnectionReset or SocketError.TimedOut)
        {
            // The daemon need not read what it has refused; its answer can still be read.
            return false;
        }
    }

    /// <summary>No more bytes from this side.</summary>
    public void EndSending() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>The next answer, or null when the daemon has closed the connection.</summary>
    public HttpAnswer? Read(bool head = false)
    {
        if (Line() is not { } status)
        {
            return null;
        }

        StringAssert.StartsWith(status, "HTTP/1.1 ");
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (Line() is { Length: > 0 } line)
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            headers.Add(line[..colon], line[(colon + 1)..].Trim());
        }

        byte[] body = new byte[head || !headers.TryGetValue("Content-Length", out string? length) ? 0 : int.Parse(length, CultureInfo.InvariantCulture)];
        for (int filled = 0; filled < body.Length;)
        {
            Assert.IsTrue(_start < _end || Fill(), "the answer's body ended early");
            int take = Math.Min(_end - _start, body.Length - filled);
            _buffer.AsSpan(_start, take).CopyTo(body.AsSpan(filled));
            _start += take;
            filled += take;
        }

        return new HttpAnswer(int.Parse(status.AsSpan(9, 3), CultureInfo.InvariantCulture), headers, body);
    }

    public void Dispose() => _socket.Dispose();

    private string? Line()
    {
        var line = new StringBuilder();
        while (_start < _end || Fill())
        {
            char c = (char)_buffer[_start++];
            if (c == '\n')
            {
                return line.ToString().TrimEnd('\r');
            }

            line.Append(c);
        }

        Assert.AreEqual(0, line.Length, "the connection was closed in the middle of a line");
        return null;
    }

    private bool Fill()
    {
        try
        {
            (_start, _end) = (0, _socket.Receive(_buffer));
        }
        catch (SocketException reset) when (reset.SocketErrorCode is SocketError.ConnectionReset)
        {
            (_start, _end) = (0, 0);
        }

        return _end > 0;
    }
}
