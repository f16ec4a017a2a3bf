using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Identity;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Admission;

/// <summary>Who may take how much: before the first body byte, and again before tensor memory is taken.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A token source without a timer holds nothing, and lives as long as the process.")]
internal sealed class RequestAdmission(TensorBlockPool pool, TenantAccounts accounts, LimitSettings limits, EngineSettings engine)
{
    /// <summary>When to ask again where nobody can say it better: something that is shared or in use may be free in a moment.</summary>
    public static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    private volatile CancellationTokenSource _drain = new();
    private readonly ConcurrentDictionary<string, DividedBudget> _queues = new(StringComparer.Ordinal);

    /// <summary>Bytes of tensor memory in use by all requests.</summary>
    public long TensorBytes => pool.InUse;

    public TenantAccounts Accounts => accounts;

    /// <summary>The daemon is stopping: nobody new enters.</summary>
    public bool Draining => _drain.IsCancellationRequested;

    /// <summary>Fires when the daemon begins to stop, for those who wait without a request.</summary>
    public CancellationToken DrainBegins => _drain.Token;

    /// <summary>Before any of the body is read.</summary>
    /// <param name="entry">Opened here; whoever owns it closes it.</param>
    /// <param name="tenant">On whose behalf.</param>
    /// <param name="bodyBytes">As stated; null when nobody knows yet.</param>
    /// <param name="now">In <see cref="Stopwatch"/>'s ticks.</param>
    /// <exception cref="RefusedException">Too many, too much, or too late.</exception>
    public void Enter(Entry entry, Tenant tenant, long? bodyBytes, long now)
    {
        if (Draining)
        {
            throw new RefusedException(Refusal.Draining, "the daemon is stopping");
        }

        Account(entry, tenant, bodyBytes, now);
    }

    /// <summary>The same for what reads of models, the server or the daemon's control: it costs what a request costs, and is answered while the daemon drains, too.</summary>
    /// <exception cref="RefusedException">Too many, or too much.</exception>
    public void EnterToRead(Entry entry, Tenant tenant, long? bodyBytes, long now) => Account(entry, tenant, bodyBytes, now);

    private void Account(Entry entry, Tenant tenant, long? bodyBytes, long now)
    {
        TenantSettings settings = tenant.Settings;
        TenantAccount account = accounts.Of(tenant);
        TakeRequest(account, settings, now);

        // An unknown length is let in unless the tenant is in debt from the ones before; one that is too large is refused for that, later.
        long bytes = Math.Min(bodyBytes ?? 0, limits.MaxBodyBytes);
        if (settings.BytesPerSecond > 0 && !account.Bytes.TryTake(now, bytes, settings.BytesPerSecond, BurstBytes(settings), out long wait))
        {
            UntakeRequest(account, settings, now);
            throw new RefusedException(Refusal.AdmissionBytesRate, $"tenant '{tenant.Name}' is over bytes_per_second {settings.BytesPerSecond}") { RetryAfter = Span(wait) };
        }

        if (!account.Usage.TryEnter(settings.MaxRequests))
        {
            UntakeRequest(account, settings, now);
            if (settings.BytesPerSecond > 0)
            {
                account.Bytes.Charge(now, -bytes, settings.BytesPerSecond);
            }

            throw new RefusedException(Refusal.AdmissionRequests, $"tenant '{tenant.Name}' has max_requests {settings.MaxRequests} in flight") { RetryAfter = Soon };
        }

        entry.Open(account, bytesKnown: bodyBytes is not null);
    }

    /// <summary>From now on no request enters; those inside finish.</summary>
    public void Drain() => _drain.Cancel();

    /// <summary>Opens a grant over at most <paramref name="bytes"/> of tensor memory on the tenant's account, all of it refused at once if it is not there.</summary>
    public void Open(Grant grant, Entry entry, long bytes) => grant.Open(pool, entry.Account!, bytes);

    /// <summary>The places in a model's queue; they outlive the model's releases.</summary>
    public DividedBudget QueueOf(string model) => _queues.TryGetValue(model, out DividedBudget? places)
        ? places
        : _queues.GetOrAdd(model, name => new DividedBudget(accounts.Directory, engine.Queue, tenant => tenant.Has(Roles.Infer) && tenant.Grants(name)));

    /// <summary>So many bytes at once: never less than one body, which could never be sent otherwise.</summary>
    private long BurstBytes(TenantSettings settings) =>
        Math.Max(settings.BurstBytes > 0 ? settings.BurstBytes : settings.BytesPerSecond, limits.MaxBodyBytes);

    private static long BurstRequests(TenantSettings settings) => settings.BurstRequests > 0 ? settings.BurstRequests : settings.RequestsPerSecond;

    private static void TakeRequest(TenantAccount account, TenantSettings settings, long now)
    {
        if (settings.RequestsPerSecond > 0 && !account.Requests.TryTake(now, 1, settings.RequestsPerSecond, BurstRequests(settings), out long wait))
        {
            throw new RefusedException(Refusal.AdmissionRate, $"tenant '{settings.Name}' is over requests_per_second {settings.RequestsPerSecond}") { RetryAfter = Span(wait) };
        }
    }

    // What came to nothing was no request: else the wait that the answer names would not be the truth.
    private static void UntakeRequest(TenantAccount account, TenantSettings settings, long now)
    {
        if (settings.RequestsPerSecond > 0)
        {
            account.Requests.Charge(now, -1, settings.RequestsPerSecond);
        }
    }

    private static TimeSpan Span(long ticks) => TimeSpan.FromSeconds(ticks / (double)Stopwatch.Frequency);

    /// <summary>Requests enter again.</summary>
    public void EndDrain()
    {
        if (Draining)
        {
            _drain = new CancellationTokenSource();
        }
    }
}
