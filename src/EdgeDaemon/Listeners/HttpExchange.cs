using System.Globalization;
using System.IO.Pipelines;
using System.Security.Cryptography;
using EdgeDaemon.Audit;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Identity;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Primitives;

namespace EdgeDaemon.Listeners;

/// <summary>
/// One request and its answer as the stages see them, over the server's features. Belongs to a connection (HTTP/2: to
/// one of its streams) and is reused for each of its requests in turn.
/// </summary>
internal sealed class HttpExchange
{
    // As much as waits for a connection's answers: reading past it is cheaper than a new connection.
    private const int SmallRest = 64 * 1024;
    private static readonly TimeSpan RestTime = TimeSpan.FromMilliseconds(100);

    /// <summary>Characters of an <see cref="Id"/>: 8 digits, a hyphen, and 16 at most.</summary>
    public const int LongestId = 8 + 1 + 16;

    private const string HeadLengthHeader = "Inference-Header-Content-Length";

    // Ids need to differ between starts so that a log line finds its request; they are no secret.
    private static readonly string StartId = RandomNumberGenerator.GetHexString(8, lowercase: true);
    private static long _requests;

    private IFeatureCollection _features = null!;
    private Arrival _arrival = null!;
    private IHttpRequestFeature _request = null!;
    private IHttpResponseFeature _response = null!;
    private IHttpResponseBodyFeature _responseBody = null!;
    private RunningRequests? _running;
    private object? _kept;
    private CancellationTokenSource? _givenUp;
    private string? _target;
    private long _number;
    private long _sentBytes;
    private long _messageBytes;

    public ListenSettings Listener => _arrival.Listener;

    /// <summary>Who asks, as the kernel or TLS proved it.</summary>
    public Caller Caller => _arrival.Caller;

    /// <summary>On whose behalf; null until the caller is authorised, and for strangers.</summary>
    public Tenant? Tenant { get; set; }

    /// <summary>
    /// Somebody has decided that its caller may ask this (<see cref="Authorisation.Enter"/>). Without that nothing but a refusal leaves: a route that is added one day, and
    /// forgets to ask, is closed to everybody (CWE-862).
    /// </summary>
    public bool IsAuthorised { get; set; }

    /// <summary>It asks a model; for what is counted.</summary>
    public bool IsInference { get; set; }

    /// <summary>The place of the model that it asks; 0 until it is found and may be asked.</summary>
    public int ModelPlace { get; set; }

    /// <summary>Anybody may ask it: whether the daemon lives. That decides nothing, and is not recorded.</summary>
    public bool IsProbe { get; set; }

    /// <summary>What its record will say.</summary>
    public RequestDraft Draft { get; } = new();

    public string Method => _request.Method;

    /// <summary>The request target as it came: percent-encoding is undone once, by the route's parser. Of an absolute one (RFC 9112, 3.2.2) what follows the authority, which names nothing here.</summary>
    public string Target => _target ??= WithoutAuthority(_request.RawTarget);

    public string Id => string.Create(CultureInfo.InvariantCulture, $"{StartId}-{_number:x}");

    /// <summary>The same, written without a text of its own; how long it is.</summary>
    /// <param name="room">At least <see cref="LongestId"/>.</param>
    public int WriteId(Span<char> room)
    {
        StartId.CopyTo(room);
        room[StartId.Length] = '-';
        _number.TryFormat(room[(StartId.Length + 1)..], out int digits, "x", CultureInfo.InvariantCulture);
        return StartId.Length + 1 + digits;
    }

    public PipeReader Body => _features.GetRequiredFeature<IRequestBodyPipeFeature>().Reader;

    /// <summary>The threads that compute.</summary>
    public SocketThreads Threads => _features.GetRequiredFeature<SocketThreads>();

    public BodyClock BodyClock { get; } = new();

    public long? ContentLength => _request.Headers.ContentLength;

    public bool HasBody => _features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? true;

    public bool ResponseStarted => _response.HasStarted;

    /// <summary>It was cut from this side: there is no answer, or no end of one.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Fires when the caller has gone. The server makes it on demand: not for the path where nothing waits.</summary>
    public CancellationToken Aborted => _features.GetRequiredFeature<IHttpRequestLifetimeFeature>().RequestAborted;

    /// <summary>Fires when the caller has gone, or its deadline has passed.</summary>
    public CancellationToken GivenUp => BodyClock.CallTimeLeft is { } left ? (_givenUp ??= GiveUpIn(left)).Token : Aborted;

    /// <summary>Fires when the caller is put outside for a while.</summary>
    public CancellationToken PutOutside => _features.Get<SocketConnection>()?.Place.Outside ?? CancellationToken.None;

    public bool IsHttp2 => _request.Protocol == "HTTP/2";

    /// <summary>Every authorization header; gRPC's metadata of that name are the same.</summary>
    public StringValues Authorization => _request.Headers.Authorization;

    public string ContentType => _request.Headers.ContentType.ToString();

    public PipeWriter ResponseBody => _responseBody.Writer;

    public void Begin(IFeatureCollection features)
    {
        _features = features;
        _request = features.GetRequiredFeature<IHttpRequestFeature>();
        _response = features.GetRequiredFeature<IHttpResponseFeature>();
        _responseBody = features.GetRequiredFeature<IHttpResponseBodyFeature>();
        _arrival = features.GetRequiredFeature<Arrival>();
        _number = Interlocked.Increment(ref _requests);
        _running = features.Get<RunningRequests>();
        _running?.Begin();
        _response.StatusCode = 500; // The server's own word for what nobody answers is 200.
    }

    public void End()
    {
        BodyClock.Reset();
        _givenUp?.Dispose();
        _givenUp = null;
        Tenant = null;
        IsAuthorised = false;
        _target = null;
        IsInference = false;
        IsProbe = false;
        IsCut = false;
        Draft.Reset();
        ModelPlace = 0;
        _sentBytes = 0;
        _messageBytes = 0;
        _features = null!;
        _running?.End();
        _running = null;
    }

    /// <summary>The caller waits no longer than this, from now on. Timestamps alone are compared, until somebody waits without end: <see cref="GivenUp"/>.</summary>
    public void SetDeadline(TimeSpan timeout) => BodyClock.SetDeadline(timeout);

    /// <summary>An answer after the deadline is read by nobody: the work for it would be for nothing.</summary>
    /// <param name="now">In <see cref="System.Diagnostics.Stopwatch"/>'s ticks.</param>
    public void RefuseWhenLate(long now)
    {
        if (now >= BodyClock.Deadline)
        {
            throw new RefusedException(Refusal.AdmissionDeadline, "the request's time was over");
        }
    }

    /// <summary>A header's value; empty when it is absent.</summary>
    public string Header(string name) => _request.Headers[name].ToString();

    /// <summary>The size of each message is bounded instead of the body's; without end, also no least rate holds, since messages may be far apart.</summary>
    public void ExpectMessages(bool endless)
    {
        _features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        if (endless)
        {
            _features.GetRequiredFeature<IHttpMinRequestBodyDataRateFeature>().MinDataRate = null;
        }
    }

    /// <summary>The one object that a connection keeps from request to request for whoever asks for it.</summary>
    public T Keep<T>()
        where T : class, new()
    {
        if (_kept is not T kept)
        {
            kept = new T();
            _kept = kept;
        }

        return kept;
    }

    /// <summary>What was kept is somebody else's now.</summary>
    public void Forget() => _kept = null;

    /// <summary>The length of the JSON head, or -1 when the request carries no such header (the body is all JSON).</summary>
    public long HeadLength()
    {
        StringValues text = _request.Headers[HeadLengthHeader];
        if (text.Count == 0)
        {
            return -1;
        }

        // Two headers could be read differently by two parties: that is how requests are smuggled.
        if (text.Count > 1 || !Core.Protocol.HeadLength.TryParse(text.ToString(), out long length))
        {
            throw new RefusedException(Refusal.HeadLengthInvalid, $"{HeadLengthHeader} is '{text}'");
        }

        return length;
    }

    public void RefuseEncodedBody()
    {
        StringValues encoding = _request.Headers.ContentEncoding;
        if (encoding.Count != 0 && encoding.ToString() is { Length: > 0 } name && !name.Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            throw new RefusedException(Refusal.HeadEncodingUnsupported, $"Content-Encoding '{name}'");
        }

        // The server undoes the last coding, which is chunked, and says nothing of those before it: their bytes would be read as they are.
        StringValues transfer = _request.Headers.TransferEncoding;
        if (transfer.Count != 0 && !transfer.ToString().Equals("chunked", StringComparison.OrdinalIgnoreCase))
        {
            throw new RefusedException(Refusal.HeadEncodingUnsupported, $"Transfer-Encoding '{transfer}'");
        }
    }

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

    /// <summary>A message of this length has come; where there are none, the body counts.</summary>
    public void MessageArrived(long bytes) => _messageBytes = bytes;

    /// <summary>Bytes of the body, or of the message that was read last.</summary>
    public long TakeReceivedBytes()
    {
        long bytes = _messageBytes != 0 ? _messageBytes : ContentLength ?? BodyClock.Bytes;
        _messageBytes = 0;
        return bytes;
    }

    /// <summary>Bytes of answers since the last call.</summary>
    public long TakeSentBytes()
    {
        long bytes = _sentBytes;
        _sentBytes = 0;
        return bytes;
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

    /// <summary>
    /// So much of the body was not read that the server would spend seconds on it, or for ever: HTTP/1.1's next request lies behind it. Of a body without
    /// a stated length, what has come already is read past.
    /// </summary>
    public bool LeavesMuchUnread()
    {
        if (ContentLength is { } length)
        {
            return length - BodyClock.Bytes > SmallRest;
        }

        if (!HasBody || BodyClock.Ended)
        {
            return false;
        }

        if (Header("Expect").Length > 0)
        {
            return true; // To read would be to ask for it.
        }

        try
        {
            PipeReader body = Body;
            for (long passed = 0; passed <= SmallRest && body.TryRead(out ReadResult rest);)
            {
                bool ended = rest.IsCompleted;
                bool nothing = rest.Buffer.IsEmpty;
                passed += rest.Buffer.Length;
                body.AdvanceTo(rest.Buffer.End);
                if (ended || nothing)
                {
                    return !ended;
                }
            }
        }
        catch (Exception broken) when (broken is IOException or InvalidOperationException or OperationCanceledException)
        {
            // It is no body: what lies behind it is no request either.
        }

        return true;
    }

    /// <summary>
    /// HTTP/2: a call that is answered before its body has ended is reset behind the answer, without an error (RFC 9113, 8.1), and there are clients that throw the answer away
    /// then (curl 7.88). A small body is all but there when its head is: it is read past, and waited for a moment.
    /// </summary>
    public async ValueTask ReadSmallRestAsync()
    {
        if (!IsHttp2 || ResponseStarted || !HasBody || BodyClock.Ended || ContentLength > SmallRest)
        {
            return;
        }

        using var moment = new CancellationTokenSource(RestTime);
        try
        {
            PipeReader body = Body;
            using CancellationTokenRegistration over = moment.Token.UnsafeRegister(static reader => ((PipeReader)reader!).CancelPendingRead(), body);
            for (long passed = 0; passed <= SmallRest;)
            {
                ReadResult rest = await body.ReadAsync();
                bool done = rest.IsCompleted || rest.IsCanceled;
                passed += rest.Buffer.Length;
                body.AdvanceTo(rest.Buffer.End);
                if (done)
                {
                    return;
                }
            }
        }
        catch (Exception broken) when (broken is IOException or InvalidOperationException or OperationCanceledException)
        {
            // There is no more of it, or nobody to answer.
        }
    }

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

    private static string WithoutAuthority(string target)
    {
        const string Mark = "://";
        if (target.Length == 0 || target[0] == '/' || !target.StartsWith("http", StringComparison.OrdinalIgnoreCase))
        {
            return target;
        }

        int mark = target.IndexOf(Mark, StringComparison.Ordinal);
        if (mark is not (4 or 5))
        {
            return target;
        }

        int path = target.IndexOf('/', mark + Mark.Length);
        return path < 0 ? "/" : target[path..];
    }

    private CancellationTokenSource GiveUpIn(TimeSpan left)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(Aborted);
        if (left > TimeSpan.Zero)
        {
            source.CancelAfter(left);
        }
        else
        {
            source.Cancel();
        }

        return source;
    }
}
