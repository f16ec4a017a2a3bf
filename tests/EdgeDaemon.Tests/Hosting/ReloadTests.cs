using System.Collections.Immutable;
using System.Runtime.Versioning;
using EdgeDaemon.Audit;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Hosting;
using EdgeDaemon.Models;
using EdgeDaemon.Monitoring;
using EdgeDaemon.Systemd;
using EdgeDaemon.Tests.Posix.Files;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeDaemon.Tests.Hosting;

[TestClass]
[SupportedOSPlatform("linux")]
public sealed class ReloadTests
{
    /// <summary>A reload that cannot be interrupted does not hold the stop up: else the service manager would kill what still drains.</summary>
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task Stop_waits_for_a_reload_and_no_longer_than_it_may(bool ends)
    {
        using var tree = new TestTree();
        tree.Add("edged.toml", "format = 1\n");
        using var begun = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        Action Slow(EdgedSettings settings, ICollection<string> errors)
        {
            begun.Set();
            goOn.Wait();
            errors.Add("not this time");
            return () => { };
        }

        string file = tree["edged.toml"];
        ImmutableArray<ReloadPart> parts = [Slow];
        using Notifier notifier = Notifier.FromEnvironment(_ => { });
        var counts = new ReloadCounts();
        using var reload = new Reload(
            new ConfigurationInForce(file, EdgedSettings.Parse(File.ReadAllBytes(file), file), "", ""), parts, (_, _) => throw new NotSupportedException(), new ModelRegistry(), counts, notifier, AuditTrail.Off, TimeProvider.System, NullLogger.Instance);
        Task<ReloadReport?> running = reload.TryApplyAsync("a test");
        begun.Wait();
        using var deadline = new CancellationTokenSource();
        Task stop = reload.StopAsync(deadline.Token);
        Assert.IsFalse(stop.IsCompleted, "it waits");
        if (ends)
        {
            goOn.Set();
        }
        else
        {
            deadline.Cancel();
        }

        await stop.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.AreEqual(ends, reload.IsIdle);
        await Assert.ThrowsAsync<OperationCanceledException>(() => reload.ApplyAsync("too late"));
        reload.Dispose();
        goOn.Set();
        Assert.IsFalse((await running.WaitAsync(TimeSpan.FromSeconds(60)))!.Applied, "and ends in peace after it");
        Assert.AreEqual(1, counts.Refused);
    }
}
