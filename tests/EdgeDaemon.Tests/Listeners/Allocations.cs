namespace EdgeDaemon.Tests.Listeners;

/// <summary>What the calling thread allocates.</summary>
internal static class Allocations
{
    /// <summary>Bytes of a thousand rounds, after a hundred in which everything grows as large as it will be.</summary>
    public static long Of(Action round)
    {
        for (int i = 0; i < 100; i++)
        {
            round();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            round();
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
