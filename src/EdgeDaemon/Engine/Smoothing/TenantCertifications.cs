namespace EdgeDaemon.Engine.Smoothing;

/// <summary>
/// The certifications of one tenant on one served model that are under way: those that may answer samples of one another, and nobody else. Each served model has such an object for each tenant, so that
/// rows of two tenants, or of two releases, have no way into one run.
/// </summary>
internal sealed class TenantCertifications
{
    private readonly Lock _change = new();
    private volatile SmoothingRun[] _open = [];

    /// <summary>How many are under way.</summary>
    public int Count => _open.Length;

    public void Enter(SmoothingRun run)
    {
        lock (_change)
        {
            _open = [.. _open, run];
        }
    }

    public void Leave(SmoothingRun run)
    {
        lock (_change)
        {
            _open = [.. _open.Where(open => open != run)];
        }
    }

    /// <summary>Gives a run that is about to begin, with free rows, samples of others that wait for runs of their own: of who came first before the others'.</summary>
    public void Fill(SmoothingBatch batch)
    {
        foreach (SmoothingRun other in _open)
        {
            if (!batch.Guests.HasPlace)
            {
                return;
            }

            if (other != batch.Run)
            {
                other.Lend(batch);
            }
        }
    }
}
