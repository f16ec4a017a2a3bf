using System.Collections.Immutable;

namespace EdgeDaemon.Ctl.Certification;

/// <summary>Asks for every image of every series that the results file does not have yet, a few at a time.</summary>
/// <param name="results">Gets every answer as it comes.</param>
/// <param name="ask">One image of one series.</param>
/// <param name="progress">Is told of each.</param>
internal sealed class CertifyRun(ResultsFile results, Func<CertifiedSeries, int, CancellationToken, Task<CertifiedRow>> ask, ProgressBar progress)
{
    private readonly Lock _append = new();

    /// <param name="jobs">Requests at once, 1 or more.</param>
    /// <exception cref="Exception">The first that <c>ask</c> throws; what was answered until then is kept.</exception>
    public async Task RunAsync(ImmutableArray<CertifiedSeries> series, int images, int jobs, CancellationToken cancellation)
    {
        var open = new List<(CertifiedSeries Series, int Image)>();
        foreach (CertifiedSeries one in series)
        {
            for (int image = 0; image < images; image++)
            {
                if (!results.Has(one, image))
                {
                    open.Add((one, image));
                }
            }
        }

        progress.Begin((long)series.Length * images, ((long)series.Length * images) - open.Count);
        int next = -1;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var workers = new List<Task>();
        for (int i = 0; i < Math.Min(jobs, open.Count); i++)
        {
            workers.Add(WorkAsync());
        }

        try
        {
            await Task.WhenAll(workers);
        }
        finally
        {
            progress.End();
        }

        async Task WorkAsync()
        {
            try
            {
                for (int at = Interlocked.Increment(ref next); at < open.Count && !stop.IsCancellationRequested; at = Interlocked.Increment(ref next))
                {
                    CertifiedRow row = await ask(open[at].Series, open[at].Image, stop.Token);
                    lock (_append)
                    {
                        results.Append(row);
                    }

                    progress.Step(open[at].Series.ToString());
                }

                cancellation.ThrowIfCancellationRequested();
            }
            catch
            {
                await stop.CancelAsync();
                throw;
            }
        }
    }
}
