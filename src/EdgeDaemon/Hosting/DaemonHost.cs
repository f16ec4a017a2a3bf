using System.Collections.Immutable;
using EdgeDaemon.Admission;
using EdgeDaemon.Control;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Identity;
using EdgeDaemon.Listeners;
using EdgeDaemon.Models;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Pipeline;
using EdgeDaemon.Telemetry;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Hosting;

/// <summary>The wiring: every object of the daemon is made here, once, and nowhere else.</summary>
internal sealed class DaemonHost : IAsyncDisposable
{
    private readonly HttpFrontEnd _front;
    private readonly ModelRegistry _registry;
    private readonly OnnxRuntime _runtime;

    private readonly TensorBlockPool _pool;
    private readonly RequestAdmission _admission;

    private DaemonHost(HttpFrontEnd front, ModelRegistry registry, OnnxRuntime runtime, TensorBlockPool pool, RequestAdmission admission)
    {
        _pool = pool;
        _admission = admission;
        _front = front;
        _registry = registry;
        _runtime = runtime;
    }

    public string Summary => $"{_registry.Serving.Length} models serve, {_registry.Refused.Length} refused";

    /// <exception cref="AccountUnknownException">A tenant's caller has no account.</exception>
    /// <exception cref="TokenKeyException">A token's key cannot be read.</exception>
    public static async Task<DaemonHost> StartAsync(EdgedSettings settings, TrustPolicy trust, ImmutableDictionary<string, TlsMaterial> tls, Action<TimeSpan> moreTime, ILoggerFactory logs, ILogger log, CancellationToken stop)
    {
        // What edged.toml names elsewhere: better refused before anything has begun.
        var tenants = new TenantDirectory(settings.Tenants, new AccountFiles(), TimeProvider.System, log);
        var tokens = new TokenVerifier(TokenKeyFiles.Load(settings.Token));

        // The library's check and environment (a tenth of a second) and the server's own start need nothing of each other.
        Task<OnnxRuntime> loading = Task.Run(() => OnnxRuntime.Load(
            settings.Runtime.Library,
            settings.Runtime.Sha256 ?? OnnxLibraryPins.Current,
            text => Log.RuntimeWarning(log, text)));

        var registry = new ModelRegistry();
        var pool = new TensorBlockPool(settings.Limits.MaxTensorBytes);
        var accounts = new TenantAccounts(tenants, settings.Limits);
        var admission = new RequestAdmission(pool, accounts, settings.Limits, settings.Engine);
        var penalties = new PenaltyBox(settings.Penalty, TimeProvider.System, log);
        var connections = new ConnectionAdmission(accounts, settings.Limits, penalties);
        penalties.Entered = connections.Close;
        var authorisation = new Authorisation(tenants, tokens, TimeProvider.System);
        var refusals = new RefusalRecord(log, accounts, penalties, TimeProvider.System);
        var pipeline = new InferencePipeline(registry, authorisation, admission, settings.Limits);
        var rest = new RestWire(new RequestDecoder(settings.Limits, pool), new ResponseEncoder(settings.Limits, pool), settings.Limits);
        var stream = new GrpcStream(pipeline, new GrpcWire(settings.Limits, pool, stream: true), admission, settings.Limits, refusals);
        var server = new ServerDocuments(registry);
        var grpc = new GrpcService(pipeline, new GrpcWire(settings.Limits, pool, stream: false), stream, server, registry, admission, settings.Limits);
        var documents = new ControlDocuments(registry, settings, TimeProvider.System);
        var router = new RequestRouter(registry, server, pipeline, rest, new GrpcRouter(grpc, authorisation, admission, refusals), new ControlSurface(documents, authorisation), authorisation, admission, refusals);
        var doors = new TlsDoors(settings, tls, log, TimeProvider.System, penalties.IsOutside, penalties.Blame);
        var front = new HttpFrontEnd(settings, new HttpApplication(router), InheritedSockets.FromEnvironment(), connections, doors, logs);

        OnnxRuntime runtime = await loading;
        documents.Runtime = runtime;
        Log.RuntimeLoaded(log, runtime.Version, settings.Runtime.Library, runtime.Digest);
        new ModelLifecycle(settings, trust, runtime, pool, SocketThreads.Continue, moreTime, TimeProvider.System, log).LoadAll(registry, stop);

        await front.StartAsync(CancellationToken.None);
        foreach (ListenSettings listen in settings.Listeners)
        {
            Log.Listening(log, listen.Address, string.Join(" and ", listen.Surfaces.Select(surface => surface == ListenSurface.Control ? "control" : "inference")));
        }

        Log.Ready(log, registry.Serving.Length, registry.Refused.Length);
        return new DaemonHost(front, registry, runtime, pool, admission);
    }

    /// <summary>No new connections; requests in flight finish, or are cut off when <paramref name="deadline"/> fires.</summary>
    public Task DrainAsync(CancellationToken deadline)
    {
        _admission.Drain();
        return _front.StopAsync(deadline);
    }

    public async ValueTask DisposeAsync()
    {
        await _front.DisposeAsync();
        if (!_front.IsIdle)
        {
            return; // An inference that outlasts the drain still uses all of this. The process ends now, and its memory with it.
        }

        foreach (ServedModel model in _registry.Serving)
        {
            model.Dispose();
        }

        _pool.Dispose();
        _runtime.Dispose();
    }
}
