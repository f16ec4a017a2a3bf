using System.Collections.Immutable;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Core.Smoothing.Noise;
using EdgeDaemon.Engine.Smoothing;

namespace EdgeDaemon.Pipeline;

/// <summary>One request's certification from its plan to its record. The seed stays here until the work ends: for the request's record, and for nobody else who may not know.</summary>
/// <param name="Wish">As it was asked.</param>
/// <param name="Question">As it is answered.</param>
/// <param name="Time">That it may take.</param>
internal sealed record SmoothingWork(SmoothingWish Wish, SmoothingQuestion Question, TimeSpan Time) : IDisposable
{
    /// <summary>Fresh for each request: what a caller knew before would make alpha meaningless.</summary>
    public NoiseSeed Seed { get; } = new();

    /// <summary>What was bound before the first sample was drawn, 64 hex digits.</summary>
    public string Commitment
    {
        get
        {
            Span<byte> commitment = stackalloc byte[NoiseSeed.CommitmentSize];
            Seed.Commit(commitment);
            return Convert.ToHexStringLower(commitment);
        }
    }

    /// <summary>What was counted of each input, in their order; empty before the answer.</summary>
    public ImmutableArray<SmoothedInput> Answers { get; set; } = [];

    /// <summary>One for each input, in their order; empty before the answer, and for predictions. Without the seed.</summary>
    public ImmutableArray<RobustnessCertificate> Certificates { get; set; } = [];

    public void Dispose() => Seed.Dispose();
}
