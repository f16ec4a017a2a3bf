using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EdgeDaemon.Engine;
using EdgeDaemon.Native.Onnx.Memory;
using EdgeDaemon.Tests.Admission;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Tests.Engine;

/// <summary>What looks after memory that models ran in once a second: what is idle goes, and what should be zero and is not is an alarm.</summary>
[TestClass]
public sealed class MemorySweepTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly TestClock _clock = new();
    private readonly Lines _log = new();

    [TestMethod]
    [DataRow(0, false)]
    [DataRow(3600, true)]
    public void Memory_that_was_idle_for_long_goes_and_other_memory_stays(int idleSeconds, bool stays)
    {
        var all = new SessionMemory();
        using RunMemory run = Make(all);
        using var sweep = new MemorySweep(all, TimeSpan.FromSeconds(idleSeconds), _clock, _log);
        Use(all, run);
        Assert.IsGreaterThan(0, all.Held);
        _clock.Advance(Second);
        Assert.AreEqual(stays, all.Held > 0);
        (long dirtied, long cleared, _) = all.Statistics();
        Assert.AreEqual(stays, cleared < dirtied, "given back as zeroes");
        Assert.IsEmpty(_log.All);
    }

    /// <summary>The books are made wrong where a fault of ours would: a piece that was written counts as clean. Untouched (the control) they agree, and nothing is said.</summary>
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Bytes_that_should_have_been_zeroed_and_were_not_are_an_alarm(bool forgotten)
    {
        const int Bytes = 4096;
        var all = new SessionMemory();
        using RunMemory run = Make(all);
        using var sweep = new MemorySweep(all, TimeSpan.FromHours(1), _clock, _log);
        nint piece = Use(all, run, Bytes);
        if (forgotten)
        {
            // RunBlock.Dirty, before the piece: how much of it may have been written.
            ref long dirty = ref Unsafe.As<byte, long>(ref Unsafe.AddByteOffset(ref Unsafe.NullRef<byte>(), piece - RunBlock.Bytes + Marshal.OffsetOf<RunBlock>(nameof(RunBlock.Dirty))));
            Assert.AreEqual(Bytes, dirty);
            dirty = 0;
        }

        all.Switch(2);
        Assert.AreEqual(forgotten ? Bytes : 0, all.MismatchBytes);
        _clock.Advance(Second);
        if (!forgotten)
        {
            Assert.IsEmpty(_log.All);
            return;
        }

        (LogLevel level, string text) = _log.All.Single();
        Assert.AreEqual(LogLevel.Critical, level);
        StringAssert.Contains(text, "4096 bytes that should have been zeroed were not", StringComparison.Ordinal);
    }

    private static RunMemory Make(SessionMemory all) => new(all, () => Assert.Fail("nothing is stopped"));

    private static nint Use(SessionMemory all, RunMemory run, int bytes = 100_000)
    {
        all.Switch(1);
        run.Begin(1, long.MaxValue);
        nint piece = run.Alloc(bytes);
        run.Free(piece);
        run.Rest();
        run.End();
        return piece;
    }

    private sealed class Lines : ILogger
    {
        public List<(LogLevel Level, string Text)> All { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            All.Add((logLevel, formatter(state, exception)));
    }
}
