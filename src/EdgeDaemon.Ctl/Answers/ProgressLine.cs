using System.Diagnostics;
using System.Globalization;

namespace EdgeDaemon.Ctl.Answers;

/// <summary>How far long work has come: one line of a terminal that writes over itself; silent where nobody watches, so that logs and pipes stay clean.</summary>
/// <param name="output">Where it is shown: the error stream, so that it is never in the answer.</param>
/// <param name="watched">Whether that is a terminal.</param>
internal sealed class ProgressLine(TextWriter output, bool watched) : IDisposable
{
    private const long EveryMilliseconds = 200;

    private readonly Stopwatch _since = Stopwatch.StartNew();
    private long _shownAt = -EveryMilliseconds;
    private int _width;

    public static ProgressLine On(TextWriter error) => new(error, ReferenceEquals(error, Console.Error) && !Console.IsErrorRedirected);

    /// <param name="what">What is done, in a word.</param>
    /// <param name="done">Bytes behind it.</param>
    /// <param name="all">Bytes in all; more than <paramref name="done"/> may come while a log grows.</param>
    public void Show(string what, long done, long all)
    {
        if (!watched || _since.ElapsedMilliseconds - _shownAt < EveryMilliseconds)
        {
            return;
        }

        _shownAt = _since.ElapsedMilliseconds;
        double seconds = Math.Max(_since.Elapsed.TotalSeconds, 0.001);
        Replace(string.Create(CultureInfo.InvariantCulture, $"{what} {(all == 0 ? 100 : Math.Min(100, 100 * done / all))}%  {done / 1e6:0.0} of {all / 1e6:0.0} MB  {done / 1e6 / seconds:0} MB/s"));
    }

    public void Dispose()
    {
        if (_width > 0)
        {
            Replace("");
            output.Write('\r');
            output.Flush();
        }
    }

    private void Replace(string text)
    {
        output.Write('\r' + text.PadRight(_width));
        output.Flush();
        _width = text.Length;
    }
}
