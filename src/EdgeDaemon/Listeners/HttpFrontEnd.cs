using System.Diagnostics;
using EdgeDaemon.Admission;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Monitoring;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace EdgeDaemon.Listeners;

/// <summary>
/// The HTTP server under every listener, HTTP/1.1 and HTTP/2: Kestrel without the application host around it (no dependency container,
/// no middleware, no working-directory scan), so that a request goes from the wire to <see cref="HttpApplication"/> directly.
/// </summary>
internal sealed class HttpFrontEnd : IAsyncDisposable
{
    /// <summary>Of all headers of a request together: the longest token, twice over.</summary>
    public const int HeaderBytes = 16 * 1024;

    private static readonly TimeSpan LastWord = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(5);

    private readonly KestrelServer _server;
    private readonly SocketTransport _transport;
    private readonly HttpApplication _application;
    private readonly EdgedSettings _settings;
    private readonly InheritedSockets _inherited;
    private readonly SocketThreads _threads = new(Environment.ProcessorCount);

    public HttpFrontEnd(EdgedSettings settings, HttpApplication application, InheritedSockets inherited, SegmentPool segments, ListenPause pause, ConnectionAdmission connections, TlsDoors tls, ILoggerFactory logs)
    {
        _settings = settings;
        _application = application;
        _inherited = inherited;
        inherited.RequireNames(settings.Listeners);

        // A line ends with CR LF alone: what one side takes for an end of line and the other does not is how requests are smuggled.
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);
        var options = new KestrelServerOptions
        {
            AddServerHeader = false,
            AllowSynchronousIO = false,
            AllowResponseHeaderCompression = false,
            RequestHeaderEncodingSelector = UnreadAuthority.For,
            AllowAlternateSchemes = true, // A proxy that ends TLS in front of a Unix socket says https still; nothing here asks.
            ApplicationServices = NoServices.Instance,
        };
        LimitSettings limits = settings.Limits;
        options.Limits.MaxRequestBodySize = limits.MaxBodyBytes;
        options.Limits.RequestHeadersTimeout = limits.HeadTimeout;
        options.Limits.KeepAliveTimeout = limits.IdleTimeout;
        options.Limits.MaxRequestLineSize = 4096;
        options.Limits.MaxRequestHeadersTotalSize = HeaderBytes;
        options.Limits.MaxRequestHeaderCount = 64;

        // The floor stops a body that arrives byte by byte; the ceiling on the whole body is RequestBody's own clock.
        options.Limits.MinRequestBodyDataRate = new MinDataRate(limits.MinBodyBytesPerSecond, gracePeriod: TimeSpan.FromSeconds(2));
        options.Limits.MinResponseDataRate = new MinDataRate(limits.MinBodyBytesPerSecond, gracePeriod: TimeSpan.FromSeconds(5));

        Http2Bounds.Apply(options.Limits.Http2, limits);
        foreach (ListenSettings listen in settings.Listeners)
        {
            Listen(options, listen, Wire.Http1, HttpProtocols.Http1);
            Listen(options, listen, Wire.Http2, HttpProtocols.Http2);
        }

        ILogger log = logs.CreateLogger("edged");
        _transport = new SocketTransport(connections, segments, _threads, inherited, pause, listen => listen.Tcp is null ? new UnixGreeting(listen, limits) : tls.For(listen), new SenderCheck(log), log);
        _server = new KestrelServer(Options.Create(options), _transport, new ProtocolFaults(logs, connections));
    }

    /// <summary>What went through each listener.</summary>
    public IEnumerable<DoorTraffic> Traffic => _transport.Traffic;

    public Task StartAsync(CancellationToken cancel) => _server.StartAsync(_application, cancel);

    /// <summary>Stops accepting, closes what has no request, lets requests in flight finish until <paramref name="deadline"/> fires, closes the rest.</summary>
    public async Task StopAsync(CancellationToken deadline)
    {
        using var stopped = new CancellationTokenSource();
        Task sweep = _transport.SweepAsync(stopped.Token);
        try
        {
            await _server.StopAsync(deadline);
        }
        finally
        {
            await stopped.CancelAsync();
            await sweep;
        }

        // A call whose connection failed goes on until it notices, and the server does not wait for it; an inference cannot be stopped
        // at all. What they work on is freed next.
        for (var waited = Stopwatch.StartNew(); !IsIdle && waited.Elapsed < LastWord; await Task.Delay(LookAgain, CancellationToken.None))
        {
        }
    }

    /// <summary>Nobody uses models or tensor memory any more.</summary>
    public bool IsIdle => _application.IsIdle;

    public async ValueTask DisposeAsync()
    {
        // This may go on where the last answer was sent, and no thread can wait for its own end.
        await Task.Yield();
        _server.Dispose();
        _threads.Dispose();
        foreach (ListenSettings listen in _settings.Listeners.Where(listen => listen.UnixPath is not null && !_inherited.Has(listen)))
        {
            // A socket file left behind would look like a server that does not answer.
            File.Delete(listen.UnixPath!);
        }
    }

    private void Listen(KestrelServerOptions options, ListenSettings listen, Wire wire, HttpProtocols protocols) =>
        options.Listen(new WireEndPoint(listen, wire), endpoint =>
        {
            endpoint.Protocols = protocols;
            endpoint.Use(next => connection =>
            {
                connection.Features.Set(_threads);
                return next(connection);
            });
        });

    private sealed class NoServices : IServiceProvider
    {
        public static readonly NoServices Instance = new();

        public object? GetService(Type serviceType) => null;
    }
}
