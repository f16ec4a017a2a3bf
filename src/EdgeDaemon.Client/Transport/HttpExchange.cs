using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace EdgeDaemon.Client.Transport;

/// <summary>One request and its whole answer over one socket: deadline, size limit, and every failure as <see cref="EdgeClientException"/>.</summary>
internal sealed class HttpExchange : IDisposable
{
    /// <summary>Error bodies are one short JSON object; more than this is not ours.</summary>
    private const int MaxErrorBytes = 64 << 10;

    /// <summary>
    /// From this size on the body waits for the daemon's consent (Expect: 100-continue): a daemon that refuses a large body
    /// before reading it closes the connection, and without the wait its reason would be lost in a broken pipe.
    /// </summary>
    private const int AskFirstBytes = 1 << 20;

    private readonly HttpClient _http;
    private readonly string _socketPath;
    private readonly EdgeClientOptions _options;

    public HttpExchange(string socketPath, EdgeClientOptions options)
    {
        _socketPath = socketPath;
        _options = options;
        _http = new HttpClient(UnixSocketHandler.Create(socketPath, options))
        {
            BaseAddress = new Uri("http://localhost/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    public void Dispose() => _http.Dispose();

    public Task<HttpAnswer> GetAsync(string path, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Get, path, null, null, cancellation);

    /// <summary>Status and body as they came, error statuses included.</summary>
    public async Task<HttpAnswer> SendAsync(
        HttpMethod method, string path, HttpContent? body, TimeSpan? deadline, CancellationToken cancellation)
    {
        TimeSpan limit = deadline ?? _options.Deadline;
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timer.CancelAfter(limit);
        using var request = new HttpRequestMessage(method, path)
        {
            Content = body,
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Authorization = _options.BearerToken is { } token ? new AuthenticationHeaderValue("Bearer", token) : null;
        request.Headers.ExpectContinue = body?.Headers.ContentLength >= AskFirstBytes;
        try
        {
            using HttpResponseMessage response =
                await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timer.Token);
            return await ReadAsync(response, timer.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new EdgeClientException(
                EdgeClientFailure.DeadlinePassed, $"no answer from {_socketPath} within {limit.TotalSeconds:0.###} s");
        }
        catch (HttpRequestException error) when (error.InnerException is SocketException socket
            && error.HttpRequestError == HttpRequestError.ConnectionError)
        {
            throw new EdgeClientException(EdgeClientFailure.Unreachable, Unreachable(socket), error);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            throw new EdgeClientException(
                EdgeClientFailure.ConnectionLost, $"the connection to {_socketPath} ended before the answer was complete", error);
        }
    }

    private async Task<HttpAnswer> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        bool good = response.IsSuccessStatusCode;
        int limit = good ? _options.MaxAnswerBytes : Math.Min(MaxErrorBytes, _options.MaxAnswerBytes);
        byte[] body = await BoundedBody.ReadAsync(response.Content, limit, cancellation);
        return new HttpAnswer(response.StatusCode, body, HeadLength(response));
    }

    private static int? HeadLength(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues(WireHeaders.HeadLength, out IEnumerable<string>? values)
            && !response.Content.Headers.TryGetValues(WireHeaders.HeadLength, out values))
        {
            return null;
        }

        return int.TryParse(string.Join(',', values), NumberStyles.None, CultureInfo.InvariantCulture, out int length)
            ? length
            : throw new EdgeClientException(EdgeClientFailure.AnswerInvalid, $"the answer's {WireHeaders.HeadLength} is not a length");
    }

    private string Unreachable(SocketException error) => error.SocketErrorCode switch
    {
        SocketError.AccessDenied =>
            $"not allowed to open {_socketPath}: run as a user or in a group that the socket's mode admits",
        SocketError.ConnectionRefused =>
            $"nothing listens at {_socketPath} although the file is there: the daemon is not running",

        // What .NET makes of a path that does not exist.
        SocketError.AddressNotAvailable => $"there is no socket {_socketPath}: is edged running, and is this its socket?",
        _ => $"cannot connect to {_socketPath} ({error.SocketErrorCode}): is edged running, and is this its socket?",
    };
}
