using System.Net.Sockets;
using System.Text;

namespace EdgeDaemon.Tests.Client;

/// <summary>What a client sent: request line, headers as one text, body.</summary>
internal sealed record FakeRequest(string Line, string Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);
}

/// <summary>
/// A Unix socket that reads HTTP/1.1 requests byte for byte and answers with whatever bytes the test wants: nothing of the
/// client's own HTTP code is in it. One connection, one request, one answer; then it closes.
/// </summary>
internal sealed class FakeDaemon : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Func<FakeRequest, byte[]?> _answer;
    private readonly string _folder = Directory.CreateTempSubdirectory("edged-").FullName;

    public FakeDaemon(Func<FakeRequest, byte[]?> answer)
    {
        _answer = answer;
        SocketPath = Path.Combine(_folder, "edged.sock");
        _listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        _listener.Listen();
        _ = Task.Run(AcceptAsync);
    }

    public string SocketPath { get; }

    public List<FakeRequest> Requests { get; } = [];

    /// <summary>Answers before the body is read, as a daemon does that refuses by the head.</summary>
    public bool AnswersWithoutReadingTheBody { get; init; }

    public static byte[] Json(string body, string status = "200 OK", string headers = "") =>
        Raw(Encoding.UTF8.GetBytes(body), status, "Content-Type: application/json\r\n" + headers);

    public static byte[] Raw(byte[] body, string status = "200 OK", string headers = "") =>
        [.. Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\n{headers}Content-Length: {body.Length}\r\nConnection: close\r\n\r\n"), .. body];

    /// <summary>A binary inference answer: JSON head, then tensors.</summary>
    public static byte[] Tensors(string head, params byte[][] tensors) =>
        Raw([.. Encoding.UTF8.GetBytes(head), .. tensors.SelectMany(t => t)],
            headers: $"Inference-Header-Content-Length: {Encoding.UTF8.GetByteCount(head)}\r\n");

    public void Dispose()
    {
        _listener.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket connection;
            try
            {
                connection = await _listener.AcceptAsync();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }

            _ = Task.Run(() => Serve(connection));
        }
    }

    private void Serve(Socket connection)
    {
        using (connection)
        {
            FakeRequest? request = Read(connection);
            if (request is null)
            {
                return;
            }

            lock (Requests)
            {
                Requests.Add(request);
            }

            byte[]? answer = _answer(request);
            if (answer is not null)
            {
                connection.Send(answer);
                connection.Shutdown(SocketShutdown.Send);
            }
        }
    }

    private FakeRequest? Read(Socket connection)
    {
        var head = new List<byte>();
        byte[] one = new byte[1];
        while (!(head.Count >= 4 && head[^4] == '\r' && head[^3] == '\n' && head[^2] == '\r' && head[^1] == '\n'))
        {
            if (connection.Receive(one) == 0)
            {
                return null;
            }

            head.Add(one[0]);
        }

        string text = Encoding.ASCII.GetString([.. head]);
        string line = text[..text.IndexOf("\r\n", StringComparison.Ordinal)];
        string headers = text[(line.Length + 2)..];
        int length = 0;
        foreach (string header in headers.Split("\r\n"))
        {
            if (header.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
            {
                length = int.Parse(header[15..]);
            }
        }

        if (AnswersWithoutReadingTheBody)
        {
            return new FakeRequest(line, headers, []);
        }

        if (headers.Contains("100-continue", StringComparison.OrdinalIgnoreCase))
        {
            connection.Send("HTTP/1.1 100 Continue\r\n\r\n"u8);
        }

        byte[] body = new byte[length];
        for (int done = 0; done < length;)
        {
            int read = connection.Receive(body.AsSpan(done));
            if (read == 0)
            {
                return null;
            }

            done += read;
        }

        return new FakeRequest(line, headers, body);
    }
}
