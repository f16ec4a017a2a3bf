using System.Collections.Concurrent;
using EdgeDaemon.Listeners;
using EdgeDaemon.Native.Posix;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Tests.Listeners;

/// <summary>Whose data a connection carries; and that nobody fills the log by being cut.</summary>
[TestClass]
public sealed class SenderCheckTests
{
    private static readonly PeerCredentials Caller = new(10, 1001, 1001);

    [TestMethod]
    [DataRow(1001u, false, true)]
    [DataRow(1002u, false, false)]
    [DataRow(0u, false, false)]
    [DataRow(1001u, true, false)]
    public void Data_AreTheCallersOwn_OrTheConnectionIsCut(uint sender, bool descriptors, bool passes)
    {
        var check = new SenderCheck(new Lines());
        Assert.AreEqual(passes, check.Passes(Caller, new PieceSender(new PeerCredentials(11, sender, 1001), descriptors)));
        Assert.AreEqual(passes ? 0 : 1, check.Cut);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void FloodOfCuts_FillsNoLog_AndIsCounted(bool descriptors)
    {
        const int Cuts = 50_000;
        var log = new Lines();
        var check = new SenderCheck(log);
        var other = new PieceSender(new PeerCredentials(11, 1002, 1002), descriptors);
        long began = Environment.TickCount64;
        Parallel.For(0, Cuts, _ => Assert.IsFalse(check.Passes(Caller, other)));
        long lasted = Environment.TickCount64 - began;
        Assert.AreEqual(Cuts, check.Cut);
        Assert.IsGreaterThanOrEqualTo(1, log.Written.Count);
        Assert.IsLessThanOrEqualTo(2 + (lasted / 200), log.Written.Count, $"in {lasted} ms");
    }

    private sealed class Lines : ILogger
    {
        public ConcurrentQueue<string> Written { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Written.Enqueue(formatter(state, exception));
    }
}
