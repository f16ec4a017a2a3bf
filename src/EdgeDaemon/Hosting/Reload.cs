using System.Collections.Immutable;
using System.Security.Cryptography;
using EdgeDaemon.Audit;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Models;
using EdgeDaemon.Monitoring;
using EdgeDaemon.Systemd;
using EdgeDaemon.Telemetry;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Hosting;

/// <summary>
/// Takes edged.toml, trust.toml and the bundles as they are now, whoever asks: all of the files, or nothing of them. One at a time. The law is
/// Control/README.md.
/// </summary>
internal sealed class Reload(
    ConfigurationInForce configuration, ImmutableArray<ReloadPart> parts, Func<EdgedSettings, TrustPolicy, ModelLifecycle> lifecycles, ModelRegistry registry,
    ReloadCounts counts, Notifier notifier, AuditTrail audit, TimeProvider clock, ILogger log) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly CancellationTokenSource _stop = new();

    /// <summary>None is under way that <see cref="StopAsync"/> gave up waiting for.</summary>
    public bool IsIdle { get; private set; } = true;

    public void Dispose()
    {
        if (!IsIdle)
        {
            return; // It still gives its turn back; the process ends now.
        }

        _turn.Dispose();
        _stop.Dispose();
    }

    /// <summary>What a reload would find. Bundles are not looked at: <c>edged probe</c> does that.</summary>
    public async Task<ReloadReport> CheckAsync()
    {
        await Task.Yield(); // Files are read; not on the thread that carries everybody's bytes.
        return Report(Read(), applied: false);
    }

    /// <summary>Applies the files now; null when another reload is under way.</summary>
    /// <param name="cause">For the log.</param>
    public async Task<ReloadReport?> TryApplyAsync(string cause)
    {
        if (!await _turn.WaitAsync(0))
        {
            return null;
        }

        return await ApplyInTurnAsync(cause);
    }

    /// <summary>Applies the files once the reload that is under way has ended.</summary>
    /// <exception cref="OperationCanceledException">The daemon stops.</exception>
    public async Task ApplyAsync(string cause)
    {
        await _turn.WaitAsync(_stop.Token);
        await ApplyInTurnAsync(cause);
    }

    /// <summary>No more reloads; one that is under way is cut short where that can be done, and has ended when this returns, unless <paramref name="deadline"/> fires first.</summary>
    public async Task StopAsync(CancellationToken deadline)
    {
        Task turn = _turn.WaitAsync(deadline);
        await _stop.CancelAsync();
        try
        {
            await turn;
        }
        catch (OperationCanceledException)
        {
            // The library loads a model in one call that nothing can interrupt: the service manager would not wait for it either, and kill what still drains.
            IsIdle = false;
            Log.ReloadOutlasts(log);
        }
    }

    private async Task<ReloadReport> ApplyInTurnAsync(string cause)
    {
        try
        {
            // Loading takes as long as it takes, and callers are served meanwhile.
            return await Task.Factory.StartNew(() => Apply(cause), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        finally
        {
            _turn.Release();
        }
    }

    private ReloadReport Apply(string cause)
    {
        Log.Reloading(log, cause);
        notifier.Reloading();
        try
        {
            Found found = Read();
            if (found.Settings is null || found.Trust is null || !found.Good)
            {
                foreach (string fault in found.Errors.Concat(found.Restart.Select(key => $"{key} changed, and needs a restart")))
                {
                    Log.ReloadRefused(log, fault);
                }

                audit.ChangeConfiguration(Convert.FromHexString(found.Digest), found.Errors.Concat(found.Restart).FirstOrDefault(), cause);
                counts.CountRefused();
                return Report(found, applied: false);
            }

            foreach (Action apply in found.Apply)
            {
                apply();
            }

            bool policyChanged = configuration.TrustDigest != found.TrustDigest;
            configuration.Replace(found.Settings, found.Digest);
            audit.ChangeConfiguration(Convert.FromHexString(found.Digest), null, cause);
            if (policyChanged)
            {
                audit.ChangeTrust(found.Trust.Version, Convert.FromHexString(configuration.TrustDigest), Convert.FromHexString(found.TrustDigest), cause);
            }

            Log.PolicyInForce(log, configuration.File, found.Digest, found.Trust.Version, found.TrustDigest);
            lifecycles(found.Settings, found.Trust).Reload(registry, policyChanged, _stop.Token);

            // Only now: as long as it has not judged what serves, it is a changed policy to the next reload, too.
            configuration.TrustDigest = found.TrustDigest;
            counts.CountApplied(clock.GetUtcNow());
            Log.Reloaded(log, registry.Serving.Length, registry.Refused.Length);
            return Report(found, applied: true);
        }
        catch (Exception broken) when (broken is not OperationCanceledException)
        {
            // The bundles' folder or the history went away in between. Tenants and policy count already; models stay.
            Log.ReloadBroke(log, broken);
            counts.CountRefused();
            return new ReloadReport(false, [$"broke off after the configuration was applied, models stay as they were: {broken.Message}"], [], registry.Serving.Length, registry.Refused.Length);
        }
        finally
        {
            if (!_stop.IsCancellationRequested)
            {
                notifier.Ready($"{registry.Serving.Length} models serve, {registry.Refused.Length} refused");
            }
        }
    }

    private Found Read()
    {
        var found = new Found();
        var text = new StringWriter();
        ConfigurationFiles.TryReadSettings(configuration.File, text, out EdgedSettings? settings, out byte[] file);
        found.Digest = file.Length == 0 ? "" : Convert.ToHexStringLower(SHA256.HashData(file));
        if (settings is not null && ConfigurationFiles.TryReadTrust(settings.TrustFile, text, out TrustPolicy? trust, out byte[] bytes))
        {
            found.Trust = trust;
            found.TrustDigest = Convert.ToHexStringLower(SHA256.HashData(bytes));
        }

        found.Errors.AddRange(text.ToString().Split(text.NewLine, StringSplitOptions.RemoveEmptyEntries));
        if (settings is null)
        {
            return found;
        }

        found.Settings = settings;
        found.Restart.AddRange(RestartNeeds.Between(configuration.Now, settings));
        foreach (ReloadPart part in parts)
        {
            found.Apply.Add(part(settings, found.Errors));
        }

        if (found is { Trust: { } policy, Good: true } && lifecycles(settings, policy).Fault() is { } fault)
        {
            found.Errors.Add(fault);
        }

        return found;
    }

    private ReloadReport Report(Found found, bool applied) =>
        new(applied, [.. found.Errors], [.. found.Restart], registry.Serving.Length, registry.Refused.Length);

    private sealed class Found
    {
        public EdgedSettings? Settings { get; set; }

        public TrustPolicy? Trust { get; set; }

        public string Digest { get; set; } = "";

        public string TrustDigest { get; set; } = "";

        public List<string> Errors { get; } = [];

        public List<string> Restart { get; } = [];

        public List<Action> Apply { get; } = [];

        public bool Good => Errors.Count == 0 && Restart.Count == 0;
    }
}
