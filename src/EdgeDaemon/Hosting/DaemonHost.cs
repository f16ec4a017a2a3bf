using System.Collections.Immutable;
using EdgeDaemon.Admission;
using EdgeDaemon.Audit;
using EdgeDaemon.Control;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Engine;
using EdgeDaemon.Engine.Voting;
using EdgeDaemon.Identity;
using EdgeDaemon.Listeners;
using EdgeDaemon.Models;
using EdgeDaemon.Monitoring;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Native.Onnx.Memory;
using EdgeDaemon.Pipeline;
using EdgeDaemon.Systemd;
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
    private readonly MemorySweep _sweep;
    private readonly MemberThreads _threads;
    private readonly DrainSwitch _drain;
    private readonly Reload _reload;
    private readonly LaneWatch _watch;

    private DaemonHost(HttpFrontEnd front, ModelRegistry registry, OnnxRuntime runtime, TensorBlockPool pool, MemorySweep sweep, MemberThreads threads, DrainSwitch drain, Reload reload, LaneWatch watch)
    {
        _watch = watch;
        _pool = pool;
        _sweep = sweep;
        _threads = threads;
        _drain = drain;
        _reload = reload;
        _front = front;
        _registry = registry;
        _runtime = runtime;
    }

    public string Summary => $"{_registry.Serving.Length} models serve, {_registry.Refused.Length} refused";

    /// <exception cref="AccountUnknownException">A tenant's caller has no account.</exception>
    /// <exception cref="TokenKeyException">A token's key cannot be read.</exception>
    public static async Task<DaemonHost> StartAsync(ConfigurationInForce configuration, TrustPolicy trust, ImmutableDictionary<string, TlsMaterial> tls, AuditTrail audit, Notifier notifier, LogOutput logs, ILogger log, CancellationToken stop)
    {
        EdgedSettings settings = configuration.Now;

        // What edged.toml names elsewhere: better refused before anything has begun.
        var tenants = new TenantDirectory(settings.Tenants, new AccountFiles(), TimeProvider.System, log);
        var tokens = new TokenVerifier(TokenKeyFiles.Load(settings.Token));

        // The library's check and environment (a tenth of a second) and the server's own start need nothing of each other.
        var memory = new SessionMemory { Budget = settings.Memory.MaxRunBytes, ClearsAlways = settings.Memory.ClearsAlways };
        Task<OnnxRuntime> loading = Task.Run(() => OnnxRuntime.Load(
            settings.Runtime.Library,
            settings.Runtime.Sha256 ?? OnnxLibraryPins.Current,
            text => Log.RuntimeWarning(log, text),
            memory));

        var registry = new ModelRegistry();
        var watch = new LaneWatch(settings.Engine.StuckAfter, TimeProvider.System, log);
        var pool = new TensorBlockPool(settings.Limits.MaxTensorBytes);
        var accounts = new TenantAccounts(tenants, settings.Limits);
        var admission = new RequestAdmission(pool, accounts, settings.Limits, settings.Engine);
        var penalties = new PenaltyBox(settings.Penalty, TimeProvider.System, log);
        var connections = new ConnectionAdmission(accounts, settings.Limits, penalties, provesLater: settings.Listeners.Any(listen => listen.Tcp is not null));
        penalties.Entered = connections.Close;
        var authorisation = new Authorisation(tenants, tokens, TimeProvider.System);
        var counters = new RequestCounters();
        var refusals = new RefusalRecord(log, counters, accounts, penalties, audit, TimeProvider.System);
        var certification = new Certification(admission, new SmoothingAdmission(accounts, settings.Smoothing), authorisation, audit);
        var pipeline = new InferencePipeline(registry, authorisation, admission, counters, certification, audit, settings.Limits);
        var rest = new RestWire(new RequestDecoder(settings.Limits, pool), new ResponseEncoder(settings.Limits, pool), settings.Limits);
        var stream = new GrpcStream(pipeline, new GrpcWire(settings.Limits, pool, stream: true), admission, settings.Limits, refusals);
        var server = new ServerDocuments(registry);
        var readiness = new Readiness(admission, audit);
        var grpc = new GrpcService(pipeline, new GrpcWire(settings.Limits, pool, stream: false), stream, server, registry, admission, readiness, settings.Limits);
        var segments = new SegmentPool();
        var pause = new ListenPause();
        var drain = new DrainSwitch(admission, pause, log);
        var doors = new TlsDoors(settings, tls, log, audit, TimeProvider.System, penalties.IsOutside, penalties.Blame);
        var sources = new MetricsSources(counters, registry, tenants, pool, memory, segments)
        {
            Draining = () => admission.Draining,
            Audit = audit,
            Watch = watch,
            Handshakes = doors.Counts,
            Penalties = new PenaltyDesk(() => penalties.Inside(), penalties.Lift),
            Use = tenant => UseOf(accounts.UsageOf(tenant)),
        };
        var documents = new ControlDocuments(sources, registry, admission, logs, configuration, TimeProvider.System);
        ImmutableArray<ReloadPart> parts =
        [
            TenantsOf(tenants, memory), TokensOf(tokens), CertificatesOf(doors, log),
            (next, _) => () => penalties.Settings = next.Penalty,
            (next, _) => () => logs.Lowest = LogOutput.LevelOf(next.Log.Level),
        ];

        var threads = new MemberThreads(Math.Max(1, Environment.ProcessorCount / Math.Max(1, settings.Engine.IntraOpThreads)));
        var care = new EngineCare(SocketThreads.Continue, watch) { Log = log, Threads = threads };
        OnnxRuntime? runtime = null;
        ModelLifecycle Lifecycle(EdgedSettings now, TrustPolicy policy) =>
            new(now, policy, runtime!, pool, care, notifier.ExtendTimeout, audit, TimeProvider.System, log);
        var reload = new Reload(configuration, parts, Lifecycle, registry, sources.Reloads, notifier, audit, TimeProvider.System, log);
        var surface = new ControlSurface(
            documents, new MetricsPage(sources, TimeProvider.System), reload, drain, logs, sources.Penalties, new ControlBody(settings.Limits), authorisation, admission, audit, log);
        var router = new RequestRouter(registry, server, pipeline, rest, new GrpcRouter(grpc, authorisation, refusals), surface, authorisation, admission, readiness, refusals);
        var front = new HttpFrontEnd(settings, new HttpApplication(router), InheritedSockets.FromEnvironment(), segments, pause, connections, doors, logs);
        sources.Doors = () => front.Traffic;

        runtime = await loading;
        documents.Runtime = runtime;
        Log.RuntimeLoaded(log, runtime.Version, settings.Runtime.Library, runtime.Digest);
        Lifecycle(settings, trust).LoadAll(registry, stop);

        watch.Start();
        await front.StartAsync(CancellationToken.None);
        foreach (ListenSettings listen in settings.Listeners)
        {
            Log.Listening(log, listen.Address, string.Join(" and ", listen.Surfaces.Select(surface => surface == ListenSurface.Control ? "control" : "inference")));
        }

        Log.Ready(log, registry.Serving.Length, registry.Refused.Length);
        return new DaemonHost(front, registry, runtime, pool, new MemorySweep(memory, settings.Memory.Idle, TimeProvider.System, log), threads, drain, reload, watch);
    }

    /// <summary>No new connections; requests in flight finish, or are cut off when <paramref name="deadline"/> fires.</summary>
    public async Task DrainAsync(CancellationToken deadline)
    {
        _drain.Stop();
        await Task.WhenAll(_front.StopAsync(deadline), _reload.StopAsync(deadline));
    }

    /// <summary>After <see cref="DrainAsync"/>: no reload is under way any more.</summary>
    public bool ReloadsEnded => _reload.IsIdle;

    /// <summary>Reads the configuration and the bundles again, once a reload that is under way has ended.</summary>
    public Task ReloadAsync(string cause) => _reload.ApplyAsync(cause);

    public async ValueTask DisposeAsync()
    {
        await _front.DisposeAsync();
        _reload.Dispose();
        _sweep.Dispose();
        if (!_front.IsIdle || !_reload.IsIdle || _watch.Missing > 0)
        {
            return; // An inference, or a reload, that outlasts the drain still uses all of this. The process ends now, and its memory with it.
        }

        _threads.Dispose();
        foreach (ServedModel model in _registry.Serving)
        {
            model.Dispose();
        }

        _watch.Dispose();
        _pool.Dispose();
        _runtime.Dispose();
    }

    private static TenantUse UseOf(TenantUsage usage) => new(usage.InFlight, usage.Queued, usage.Connections, usage.TensorBytes, usage.LaneSeconds);

    private static ReloadPart TokensOf(TokenVerifier tokens) => (settings, errors) =>
    {
        try
        {
            TokenAuthority? authority = TokenKeyFiles.Load(settings.Token);
            return () => tokens.Replace(authority);
        }
        catch (TokenKeyException unusable)
        {
            errors.Add(unusable.Message);
            return () => { };
        }
    };

    // Time alone refuses no reload, as it stops no start: whom a stale list should judge is turned away, and the revocation of others must still count.
    private static ReloadPart CertificatesOf(TlsDoors doors, ILogger log) => (settings, errors) =>
    {
        List<string> outdated = [];
        if (!Credentials.FromEnvironment().TryReadTls(settings, TimeProvider.System, errors, outdated, out ImmutableDictionary<string, TlsMaterial>? material))
        {
            return () => { };
        }

        return () =>
        {
            outdated.ForEach(problem => Log.MaterialOutOfDate(log, problem));
            doors.Apply(settings, material);
        };
    };

    private static ReloadPart TenantsOf(TenantDirectory tenants, SessionMemory memory) => (settings, errors) =>
    {
        try
        {
            TenantTable table = tenants.Prepare(settings.Tenants);
            return () =>
            {
                tenants.Replace(table);
                memory.Keep(holder => table.Tenants.Any(tenant => tenant.Index + 1 == holder));
            };
        }
        catch (AccountUnknownException unknown)
        {
            errors.Add(unknown.Message);
            return () => { };
        }
    };
}
