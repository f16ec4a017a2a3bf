using System.Collections.Concurrent;
using EdgeDaemon.Listeners;
using EdgeDaemon.Tests.Admission;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Tests.Listeners;

[TestClass]
public sealed class DoorFaultsTests
{
    [TestMethod]
    public void EveryAcceptThatFails_IsInTheLog_ByALineOrByANumber()
    {
        var clock = new TestClock();
        var log = new Lines();
        var faults = new DoorFaults(log, "local", clock);
        for (int i = 0; i < 1000; i++)
        {
            faults.Write(new IOException("too many open files"));
        }

        Assert.HasCount(5, log.Written);
        StringAssert.Contains(log.Written.First(), "listener local", StringComparison.Ordinal);
        StringAssert.Contains(log.Written.First(), "IOException: too many open files", StringComparison.Ordinal);
        clock.Advance(TimeSpan.FromSeconds(1));
        faults.Write(new IOException("again"));
        StringAssert.Contains(log.Written.Last(), "995 more", StringComparison.Ordinal);
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
