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
    private const int LeastPoolThreads = 64; // The most lanes of one model.

    private readonly KestrelServer _server;
    private readonly SocketTransport _transport;
    private readonly HttpApplication _application;
    private readonly EdgedSettings _settings;
    private readonly InheritedSockets _inherited;
    private readonly SocketThreads _threads = new(Environment.ProcessorCount);

    public HttpFrontEnd(
        EdgedSettings settings, HttpApplication application, InheritedSockets inherited, SegmentPool segments, ListenPause pause, TlsDoors tls, ConnectionAdmission connections, ILoggerFactory logs)
    {
        _settings = settings;
        _application = application;
        _inherited = inherited;
        inherited.RequireNames(settings.Listeners);

        var options = new KestrelServerOptions
        {
            AddServerHeader = false,
            AllowSynchronousIO = false,
            AllowResponseHeaderCompression = false,
            ApplicationServices = NoServices.Instance,
        };
        LimitSettings limits = settings.Limits;
        options.Limits.MaxRequestBodySize = limits.MaxBodyBytes;
        options.Limits.RequestHeadersTimeout = limits.HeadTimeout;
        options.Limits.KeepAliveTimeout = limits.IdleTimeout;
        options.Limits.MaxRequestLineSize = 4096;
        options.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
        options.Limits.MaxRequestHeaderCount = 64;

        // The floor stops a body that arrives byte by byte; the ceiling on the whole body is RequestBody's own clock.
        options.Limits.MinRequestBodyDataRate = new MinDataRate(limits.MinBodyBytesPerSecond, gracePeriod: TimeSpan.FromSeconds(2));
        options.Limits.MinResponseDataRate = new MinDataRate(limits.MinBodyBytesPerSecond, gracePeriod: TimeSpan.FromSeconds(5));

        // Calls of HTTP/2 run on the runtime's pool, long inferences included: as many threads as that start at once, so that frames
        // are read and health is answered while every core computes.
        ThreadPool.GetMinThreads(out int workers, out int completions);
        ThreadPool.SetMinThreads(Math.Max(workers, LeastPoolThreads + Environment.ProcessorCount), completions);
        Http2Bounds.Apply(options.Limits.Http2, limits);
        foreach (ListenSettings listen in settings.Listeners)
        {
            Listen(options, listen, Wire.Http1, HttpProtocols.Http1);
            Listen(options, listen, Wire.Http2, HttpProtocols.Http2);
        }

        _transport = new SocketTransport(
            connections, segments, _threads, inherited, pause, listen => listen.Tcp is null ? new UnixGreeting(listen, limits) : tls.For(listen), new SenderCheck(logs.CreateLogger("edged")));
        _server = new KestrelServer(Options.Create(options), _transport, new ProtocolFaults(logs, connections));
    }

    /// <summary>What went through each listener.</summary>
    public IEnumerable<DoorTraffic> Traffic => _transport.Traffic;

    public Task StartAsync(CancellationToken cancel) => _server.StartAsync(_application, cancel);

    /// <summary>Stops accepting, lets requests in flight finish until <paramref name="deadline"/> fires, closes the rest.</summary>
    public Task StopAsync(CancellationToken deadline) => _server.StopAsync(deadline);

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

    private static void Listen(KestrelServerOptions options, ListenSettings listen, Wire wire, HttpProtocols protocols) =>
        options.Listen(new WireEndPoint(listen, wire), endpoint => endpoint.Protocols = protocols);

    private sealed class NoServices : IServiceProvider
    {
        public static readonly NoServices Instance = new();

        public object? GetService(Type serviceType) => null;
    }
}
