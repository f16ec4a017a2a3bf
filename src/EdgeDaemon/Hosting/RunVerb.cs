using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Threading.Channels;
using EdgeDaemon.Audit;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Identity;
using EdgeDaemon.Listeners;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Native.Posix;
using EdgeDaemon.Systemd;
using EdgeDaemon.Telemetry;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Hosting;

/// <summary><c>edged run</c>: start, serve until told to stop, drain, leave.</summary>
internal static class RunVerb
{
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(20);

    public static async Task<int> ExecuteAsync(string configFile, TextWriter output, TextWriter errors, CancellationToken cancel)
    {
        List<string> faults = [], outdated = [];
        ImmutableDictionary<string, TlsMaterial>? tls = null;
        if (!ConfigurationFiles.TryReadSettings(configFile, errors, out EdgedSettings? settings, out byte[] file)
            || !ConfigurationFiles.TryReadTrust(settings.TrustFile, errors, out TrustPolicy? trust, out byte[] policy)
            || !Credentials.FromEnvironment().TryReadTls(settings, TimeProvider.System, faults, outdated, out tls))
        {
            faults.ForEach(errors.WriteLine);
            errors.WriteLine("edged: not started; mend the above and try 'edged check'");
            return 1;
        }

        using var logs = new LogOutput(LogOutput.LevelOf(settings.Log.Level), TimeProvider.System, errors, JournalSocket.FromEnvironment());
        ILogger log = logs.CreateLogger("edged");
        Log.Starting(log, Build.Version, Build.Framework, configFile);

        using Notifier notifier = Notifier.FromEnvironment(text => Log.NotifyFailed(log, text));

        var stop = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration terminate = On(PosixSignal.SIGTERM, "SIGTERM", stop);
        using PosixSignalRegistration interrupt = On(PosixSignal.SIGINT, "SIGINT", stop);
        var hangups = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        using PosixSignalRegistration hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            hangups.Writer.TryWrite(true); // Several during one reload are one more: it reads what all of them meant.
        });
        using CancellationTokenRegistration cancelled = cancel.Register(() => stop.TrySetResult("cancellation"));

        long begun = Stopwatch.GetTimestamp();
        string ended = "failure to start";
        using AuditTrail? audit = AuditOpening.Open(settings, log, errors);
        if (audit is null)
        {
            return 1;
        }

        logs.Alerts = audit.Alert;
        var configuration = new ConfigurationInForce(configFile, settings, Convert.ToHexStringLower(SHA256.HashData(file)), Convert.ToHexStringLower(SHA256.HashData(policy)));
        AuditOpening.Start(audit, configuration, trust, log);
        if (Clearing.IsOff)
        {
            Log.MemoryKept(log);
        }

        // Time alone stops no start: local callers are served by a device whose clock is unset, or whose lists are late.
        outdated.ForEach(problem => Log.MaterialOutOfDate(log, problem));
        using var leave = new CancellationTokenSource();
        _ = stop.Task.ContinueWith(_ => leave.Cancel(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        try
        {
            await using DaemonHost host = await DaemonHost.StartAsync(
                configuration, trust, tls, audit, notifier, logs, log, leave.Token);
            notifier.Ready(host.Summary);
            Task reloads = ReloadAsync(host, hangups.Reader, leave.Token);
            string signal = ended = await stop.Task;
            Log.Stopping(log, signal);
            notifier.Stopping();
            using var drain = new CancellationTokenSource(DrainTime);
            await host.DrainAsync(drain.Token);
            if (host.ReloadsEnded)
            {
                await reloads;
            }
        }
        catch (OperationCanceledException) when (stop.Task.IsCompleted)
        {
            // Told to stop while models were loading: nobody was served yet, nothing is lost.
            Log.Stopping(log, ended = await stop.Task);
        }
        catch (ListenException failure)
        {
            errors.WriteLine($"edged: {failure.Message}");
            return 1;
        }
        catch (Exception misfit) when (misfit is AccountUnknownException or TokenKeyException)
        {
            errors.WriteLine(misfit.Message);
            errors.WriteLine("edged: not started; mend the above and try 'edged check'");
            return 1;
        }
        catch (OnnxLibraryRefusedException refused)
        {
            errors.WriteLine($"edged: {refused.Message}");
            return 1;
        }
        finally
        {
            logs.Alerts = null;
            audit.Stop(ended, Stopwatch.GetElapsedTime(begun));
        }

        Log.Stopped(log);
        return 0;
    }

    private static async Task ReloadAsync(DaemonHost host, ChannelReader<bool> hangups, CancellationToken leave)
    {
        try
        {
            await foreach (bool _ in hangups.ReadAllAsync(leave))
            {
                await host.ReloadAsync("SIGHUP");
            }
        }
        catch (OperationCanceledException)
        {
            // The daemon stops.
        }
    }

    private static PosixSignalRegistration On(PosixSignal signal, string name, TaskCompletionSource<string> stop) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true; // The default would end the process in the middle of somebody's answer.
            stop.TrySetResult(name);
        });
}
