using System.Globalization;
using System.Text;

namespace EdgeDaemon.Ctl.Certification;

/// <summary>A bar that redraws itself in one line of a terminal, a few times a second. Anywhere else it stays silent: a log is no screen.</summary>
/// <param name="output">Standard error, so that what is asked for can be piped.</param>
/// <param name="terminal">Whether somebody looks.</param>
/// <param name="clock">For rate and what is left.</param>
internal sealed class ProgressBar(TextWriter output, bool terminal, TimeProvider clock)
{
    private const int Cells = 30;
    private static readonly TimeSpan BetweenDraws = TimeSpan.FromMilliseconds(100);

    private readonly Lock _change = new();
    private long _all;
    private long _begun;
    private long _done;
    private long _start;
    private long _drawn;
    private int _width;

    /// <param name="all">Steps in all.</param>
    /// <param name="done">Done in earlier runs.</param>
    public void Begin(long all, long done)
    {
        lock (_change)
        {
            (_all, _done, _begun) = (all, done, done);
            _start = _drawn = clock.GetTimestamp();
            Draw(done > 0 ? "going on" : "");
        }
    }

    /// <param name="what">What was done last.</param>
    public void Step(string what)
    {
        lock (_change)
        {
            _done++;
            if (clock.GetElapsedTime(_drawn) >= BetweenDraws || _done == _all)
            {
                _drawn = clock.GetTimestamp();
                Draw(what);
            }
        }
    }

    /// <summary>Leaves the line.</summary>
    public void End()
    {
        lock (_change)
        {
            if (terminal)
            {
                output.WriteLine();
            }
        }
    }

    private void Draw(string what)
    {
        if (!terminal)
        {
            return;
        }

        int full = _all == 0 ? Cells : (int)(Cells * _done / _all);
        double seconds = clock.GetElapsedTime(_start).TotalSeconds;
        double rate = seconds > 0 ? (_done - _begun) / seconds : 0;
        var line = new StringBuilder();
        line.Append('[').Append('#', full).Append('.', Cells - full).Append(CultureInfo.InvariantCulture, $"] {_done}/{_all}");
        if (rate > 0)
        {
            line.Append(CultureInfo.InvariantCulture, $"  {rate:0.0}/s  {Left((_all - _done) / rate)} left");
        }

        if (what.Length > 0)
        {
            line.Append("  ").Append(what);
        }

        // A shorter line than the last one would leave its end standing.
        int width = line.Length;
        line.Append(' ', Math.Max(0, _width - width));
        _width = width;
        output.Write($"\r{line}");
        output.Flush();
    }

    private static string Left(double seconds) =>
        seconds < 100 * 3600 ? string.Create(CultureInfo.InvariantCulture, $"{(long)seconds / 3600}:{(long)seconds / 60 % 60:00}:{(long)seconds % 60:00}") : "days";
}
