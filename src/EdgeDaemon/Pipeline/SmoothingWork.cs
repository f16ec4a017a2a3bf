using System.Collections.Immutable;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Core.Smoothing.Noise;
using EdgeDaemon.Engine.Smoothing;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Pipeline;

/// <summary>One request's certification from its plan to its record. The seed stays here until the work ends: for the request's record, and for nobody else who may not know.</summary>
/// <param name="Wish">As it was asked.</param>
/// <param name="Question">As it is answered.</param>
/// <param name="Time">That it may take.</param>
internal sealed record SmoothingWork(SmoothingWish Wish, SmoothingQuestion Question, TimeSpan Time) : IDisposable
{
    private TensorAccount? _account;
    private long _charged;

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

    /// <summary>The certificates as they are answered, with the seed where it is revealed; empty before, and without any.</summary>
    public byte[] Told { get; set; } = [];

    /// <summary>Takes memory that is no tensor's on the caller's account until the work ends: the counts of each class, of which a batch of a model with many classes has millions.</summary>
    /// <exception cref="Core.Protocol.RefusedException">There is not so much left.</exception>
    public void Charge(TensorAccount account, long bytes)
    {
        if (!account.TryCharge(bytes))
        {
            throw account.Refused(bytes);
        }

        (_account, _charged) = (account, bytes);
    }

    /// <summary>The seed can no longer be revealed, and nothing is on anybody's account. More than once does nothing more.</summary>
    public void Dispose()
    {
        if (!Clearing.IsOff)
        {
            Seed.Dispose();
        }

        Clearing.Zero(Told);
        _account?.Refund(_charged);
        _account = null;
    }
}
