using System.Numerics;

namespace EdgeDaemon.Monitoring;

/// <summary>A number that many threads add to: each processor has a cache line of its own, so that they do not wait for one another's.</summary>
internal sealed class StripedCount
{
    private const int LineOfLongs = 8;

    private static readonly int Stripes = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Min(Environment.ProcessorCount, 16));

    private readonly long[] _parts = new long[Stripes * LineOfLongs];

    public long Value
    {
        get
        {
            long sum = 0;
            for (int at = 0; at < _parts.Length; at += LineOfLongs)
            {
                sum += Interlocked.Read(ref _parts[at]);
            }

            return sum;
        }
    }

    public void Add(long amount) => Interlocked.Add(ref _parts[(Thread.GetCurrentProcessorId() & (Stripes - 1)) * LineOfLongs], amount);
}
