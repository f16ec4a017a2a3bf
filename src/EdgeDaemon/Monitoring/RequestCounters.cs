using EdgeDaemon.Core.Protocol;

namespace EdgeDaemon.Monitoring;

/// <summary>
/// Inference requests by tenant, model and outcome, the bytes of their bodies, and refusals by cause. Counting is an array look-up and an atomic
/// addition to memory that this processor's threads share with nobody else; only the first request of a tenant for a model allocates.
/// </summary>
internal sealed class RequestCounters
{
    /// <summary>Tenants and models beyond this many, over all reloads, are counted together as place 0, "(other)".</summary>
    public const int Places = 512;

    // One cell for each pair and stripe: the outcomes, bytes in, bytes out. Two cache lines.
    private const int CellSize = 16;
    private const int BytesIn = 14;
    private const int BytesOut = 15;

    private static readonly int Stripes = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Min(Environment.ProcessorCount, 16));
    private static readonly int RefusalKinds = Enum.GetValues<Refusal>().Length;

    private readonly long[]?[]?[] _cells = new long[]?[Places][];
    private readonly long[] _refusals = new long[RefusalKinds];

    /// <param name="tenant">Its place; 0 for a stranger.</param>
    /// <param name="model">Its place; 0 for what is not served.</param>
    /// <param name="bytesIn">Of the request's body.</param>
    /// <param name="bytesOut">Of the answer's body.</param>
    public void CountAnswer(int tenant, int model, long bytesIn, long bytesOut)
    {
        long[] cell = Cell(tenant, model);
        int at = Stripe();
        Interlocked.Increment(ref cell[at + (int)Outcome.Ok]);
        Interlocked.Add(ref cell[at + BytesIn], bytesIn);
        Interlocked.Add(ref cell[at + BytesOut], bytesOut);
    }

    /// <summary>An inference request that got no answer.</summary>
    public void CountEnd(int tenant, int model, Outcome outcome) => Interlocked.Increment(ref Cell(tenant, model)[Stripe() + (int)outcome]);

    /// <summary>A refusal of anything, inference or not.</summary>
    public void CountRefusal(Refusal refusal) => Interlocked.Increment(ref _refusals[(int)refusal]);

    public long Refusals(Refusal refusal) => Interlocked.Read(ref _refusals[(int)refusal]);

    /// <summary>Whether this one has a place of its own; who has none is counted as place 0, and 0 is all that is told of it.</summary>
    public static bool IsApart(int place) => place is > 0 and < Places;

    public long Requests(int tenant, int model, Outcome outcome) => Sum(tenant, model, (int)outcome);

    /// <summary>For all models together, those that are not served any more as well.</summary>
    public long Requests(int tenant, Outcome outcome) => SumOfModels(tenant, (int)outcome);

    /// <summary>The same.</summary>
    public long ReceivedBytes(int tenant) => SumOfModels(tenant, BytesIn);

    /// <summary>The same.</summary>
    public long SentBytes(int tenant) => SumOfModels(tenant, BytesOut);

    public long ReceivedBytes(int tenant, int model) => Sum(tenant, model, BytesIn);

    public long SentBytes(int tenant, int model) => Sum(tenant, model, BytesOut);

    private static int Stripe() => (Thread.GetCurrentProcessorId() & (Stripes - 1)) * CellSize;

    private static int Place(int place) => (uint)place < Places ? place : 0;

    private long Sum(int tenant, int model, int offset)
    {
        long sum = 0;
        if ((uint)tenant < Places && (uint)model < Places && Volatile.Read(ref _cells[tenant]) is { } models && Volatile.Read(ref models[model]) is { } cell)
        {
            for (int at = offset; at < cell.Length; at += CellSize)
            {
                sum += Interlocked.Read(ref cell[at]);
            }
        }

        return sum;
    }

    private long SumOfModels(int tenant, int offset)
    {
        long sum = 0;
        for (int model = 0; model < Places; model++)
        {
            sum += Sum(tenant, model, offset);
        }

        return sum;
    }

    private long[] Cell(int tenant, int model)
    {
        long[]?[] models = Volatile.Read(ref _cells[Place(tenant)]) ?? Grown(ref _cells[Place(tenant)], new long[]?[Places]);
        return Volatile.Read(ref models[Place(model)]) ?? Grown(ref models[Place(model)], new long[CellSize * Stripes]);
    }

    // Whoever was first counts; the other one's is dropped unused.
    private static T Grown<T>(ref T? place, T made)
        where T : class => Interlocked.CompareExchange(ref place, made, null) ?? made;
}
