using System.Globalization;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace EdgeDaemon.Listeners;

/// <content>Its answer, and how it ends.</content>
internal sealed partial class HttpExchange
{
    /// <summary>Sets status and headers; <paramref name="headLength"/> below 0 means a body that is JSON alone.</summary>
    /// <exception cref="InvalidOperationException">An answer, and no refusal, to whom nobody has judged.</exception>
    public void StartResponse(int status, long contentLength, long headLength = -1)
    {
        if (status < 400)
        {
            RequireAuthorised();
        }

        _response.StatusCode = status;
        _response.Headers.ContentLength = contentLength;
        if (headLength < 0)
        {
            _response.Headers.ContentType = "application/json";
        }
        else
        {
            _response.Headers.ContentType = "application/octet-stream";
            _response.Headers[HeadLengthHeader] = headLength.ToString(CultureInfo.InvariantCulture);
        }
    }

    /// <summary>gRPC's status for everything; what became of the call stands in trailers or headers.</summary>
    public void StartCall() => _response.StatusCode = 200;

    /// <exception cref="InvalidOperationException">Nobody has decided whether the caller may ask this.</exception>
    public void RequireAuthorised()
    {
        if (!IsAuthorised)
        {
            throw new InvalidOperationException("an answer to a request that nobody has authorised: its route must ask Authorisation.Enter");
        }
    }

    public void SetHeader(string name, string value) => _response.Headers[name] = value;

    public async ValueTask RespondJsonAsync(int status, ReadOnlyMemory<byte> json)
    {
        StartResponse(status, json.Length);
        if (Method != "HEAD")
        {
            await ResponseBody.WriteAsync(json);
        }
    }

    /// <summary>A header that comes behind the body.</summary>
    public void SetTrailer(string name, string value) => _features.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers[name] = value;

    /// <summary>Copies bytes into the server's output, piece by piece as it offers room; <see cref="FlushAsync"/> sends them.</summary>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        if (!_response.HasStarted && !IsHttp2)
        {
            StartAtOnce();
        }

        PipeWriter output = ResponseBody;
        _sentBytes += bytes.Length;
        while (!bytes.IsEmpty)
        {
            // Asked for in one piece: an answer in 4 KiB blocks would take a system call for each.
            Span<byte> room = output.GetSpan(Math.Min(bytes.Length, SegmentPool.Largest / 4));
            int take = Math.Min(room.Length, bytes.Length);
            bytes[..take].CopyTo(room);
            output.Advance(take);
            bytes = bytes[take..];
        }
    }

    // The head first, then what follows: the server would keep what comes before the head in memory of its own, and copy it.
    private void StartAtOnce()
    {
        if (!_responseBody.StartAsync().IsCompletedSuccessfully)
        {
            throw new InvalidOperationException("something is done before an answer's head: it cannot be sent from where nothing may wait");
        }
    }

    /// <summary>Answers with a text of its own kind.</summary>
    public async ValueTask RespondAsync(int status, string contentType, ReadOnlyMemory<byte> body)
    {
        StartResponse(status, body.Length);
        _response.Headers.ContentType = contentType;
        if (Method != "HEAD")
        {
            await ResponseBody.WriteAsync(body);
        }
    }

    public async ValueTask FlushAsync() => await ResponseBody.FlushAsync();

    /// <summary>Whoever was refused learns how long to wait: whole seconds (RFC 9110, 10.2.3), rounded up, since earlier would be too early.</summary>
    public void SetRetryAfter(TimeSpan wait) => SetHeader("Retry-After", WholeSeconds(wait));

    /// <summary>At least one.</summary>
    public static string WholeSeconds(TimeSpan wait) => Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString("0", CultureInfo.InvariantCulture);

    /// <summary>Cuts the connection: for answers that cannot be finished truthfully.</summary>
    public void Abort()
    {
        IsCut = true;
        _features.GetRequiredFeature<IHttpRequestLifetimeFeature>().Abort();
    }

    /// <summary>Cuts the connection behind an answer that was flushed, though the caller still sends.</summary>
    public void CutBehindAnswer()
    {
        _features.Get<SocketConnection>()?.LingerAtEnd();
        Abort();
    }
}
