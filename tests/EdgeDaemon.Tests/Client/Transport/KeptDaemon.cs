using System.Net.Sockets;
using System.Text;

namespace EdgeDaemon.Tests.Client.Transport;

/// <summary>Answers the first request of a connection with an empty list and keeps it; of the first connection, it closes at the second request, without a byte.</summary>
internal sealed class KeptDaemon : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly string _folder = Directory.CreateTempSubdirectory("edged-").FullName;

    public KeptDaemon()
    {
        SocketPath = Path.Combine(_folder, "edged.sock");
        _listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        _listener.Listen();
        new Thread(Serve) { IsBackground = true }.Start();
    }

    public string SocketPath { get; }

    /// <summary>Connection and request, in order.</summary>
    public List<string> Seen { get; } = [];

    public void Dispose()
    {
        _listener.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private void Serve()
    {
        try
        {
            for (int connection = 1; ; connection++)
            {
                using Socket socket = _listener.Accept();
                for (int request = 1; Request(socket); request++)
                {
                    Seen.Add($"{connection}.{request}");
                    if (connection == 1 && request == 2)
                    {
                        break;
                    }

                    socket.Send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"u8);
                }
            }
        }
        catch (SocketException)
        {
            // The test is over.
        }
        catch (ObjectDisposedException)
        {
        }
    }

    private static bool Request(Socket socket)
    {
        var head = new StringBuilder();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (socket.Receive(one) == 0)
            {
                return false;
            }

            head.Append((char)one[0]);
        }

        return true;
    }
}
