using System.Net;
using System.Net.Http.Headers;
using EdgeDaemon.Client.Transport;

namespace EdgeDaemon.Client.Rest;

/// <summary>HTTP/1.1 requests, and their answers read whole within limits.</summary>
internal sealed class RestExchange(Exchange exchange)
{
    /// <summary>Error bodies are one short JSON object; more than this is not ours.</summary>
    private const int MaxErrorBytes = 64 << 10;

    /// <summary>
    /// From this size on the body waits for the daemon's consent (Expect: 100-continue): a daemon that refuses a large body
    /// before reading it closes the connection, and without the wait its reason would be lost in a broken pipe.
    /// </summary>
    private const int AskFirstBytes = 1 << 20;

    private int MaxAnswerBytes => exchange.Options.MaxAnswerBytes;

    /// <summary>A good answer; what is not good is thrown, and so tried again where that may help.</summary>
    public Task<HttpAnswer> GetAsync(string path, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Get, path, null, null, cancellation);

    public Task<HttpAnswer> SendAsync(HttpMethod method, string path, Func<HttpContent>? body, TimeSpan? deadline, CancellationToken cancellation) =>
        SendAsync(method, path, body, async (response, token) => (await ReadAsync(response, token)).OrThrow(), deadline, cancellation);

    /// <summary>Status and body as they came, error statuses included: for questions to which "unavailable" is an answer.</summary>
    public Task<HttpAnswer> ProbeAsync(string path, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Get, path, null, ReadAsync, null, cancellation);

    public Task<T> SendAsync<T>(
        HttpMethod method,
        string path,
        Func<HttpContent>? body,
        Func<HttpResponseMessage, CancellationToken, Task<T>> read,
        TimeSpan? deadline,
        CancellationToken cancellation) => exchange.CallAsync(_ => Request(method, path, body?.Invoke()), read, deadline, cancellation);

    public async Task<HttpAnswer> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        int limit = response.IsSuccessStatusCode ? MaxAnswerBytes : Math.Min(MaxErrorBytes, MaxAnswerBytes);
        byte[] body = await BoundedBody.ReadAsync(response.Content, limit, cancellation);
        return new HttpAnswer(response.StatusCode, body, RetryAfter(response.Headers.RetryAfter));
    }

    private static HttpRequestMessage Request(HttpMethod method, string path, HttpContent? body)
    {
        var request = new HttpRequestMessage(method, path)
        {
            Content = body,
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (body?.Headers.ContentLength >= AskFirstBytes)
        {
            request.Headers.ExpectContinue = true;
        }

        return request;
    }

    private TimeSpan? RetryAfter(RetryConditionHeaderValue? header) =>
        header?.Delta ?? (header?.Date is { } date && date - exchange.Options.Time.GetUtcNow() is var wait ? (wait > TimeSpan.Zero ? wait : TimeSpan.Zero) : null);
}
