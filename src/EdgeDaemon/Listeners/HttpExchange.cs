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
internal sealed partial class HttpExchange
{
    /// <summary>Characters of an <see cref="Id"/>: 8 digits, a hyphen, and 16 at most.</summary>
    public const int LongestId = 8 + 1 + 16;

    private const string HeadLengthHeader = "Inference-Header-Content-Length";

    // Ids need to differ between starts so that a log line finds its request; they are no secret.
    private static readonly string StartId = RandomNumberGenerator.GetHexString(8, lowercase: true);
    private static long _started;

    private IFeatureCollection _features = null!;
    private IFeatureCollection? _known; // whose parts are those below
    private Arrival _arrival = null!;
    private IHttpRequestFeature _request = null!;
    private IHttpResponseFeature _response = null!;
    private IHttpResponseBodyFeature _responseBody = null!;
    private IRequestBodyPipeFeature? _requestBody;
    private SocketThreads? _threads;
    private RunningRequests? _requests;
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

    public PipeReader Body => (_requestBody ??= _features.GetRequiredFeature<IRequestBodyPipeFeature>()).Reader;

    /// <summary>The threads that compute.</summary>
    public SocketThreads Threads => _threads ??= _features.GetRequiredFeature<SocketThreads>();

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
        if (!ReferenceEquals(features, _known))
        {
            Know(features);
        }

        _number = Interlocked.Increment(ref _started);
        _running = _requests;
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

    // The server has one collection for all requests of a connection (HTTP/2: of a stream), each of which it would search from its beginning: what it has is looked for once.
    private void Know(IFeatureCollection features)
    {
        _known = null;
        _request = features.GetRequiredFeature<IHttpRequestFeature>();
        _response = features.GetRequiredFeature<IHttpResponseFeature>();
        _responseBody = features.GetRequiredFeature<IHttpResponseBodyFeature>();
        _arrival = features.GetRequiredFeature<Arrival>();
        _requests = features.Get<RunningRequests>();
        _requestBody = null;
        _threads = null;
        _known = features;
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
