using System.Collections.Immutable;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Smoothing.Certificates;

/// <param name="Release">Release digest, 64 hex digits.</param>
/// <param name="Members">In listed order.</param>
/// <param name="Vote">How their outputs become one, for each noisy sample.</param>
/// <param name="Weights">One for each member.</param>
/// <param name="Consensus">0, or as many first members as end a sample's vote when they agree.</param>
/// <param name="Output">The output that is voted on, as callers know it.</param>
public sealed record CertificateModel(
    string Name, string Version, string Release, ImmutableArray<CertificateMember> Members, VoteRule Vote, ImmutableArray<double> Weights, int Consensus, string Output);

/// <param name="Sha256">Of the graph's file, 64 hex digits.</param>
public sealed record CertificateMember(string Name, string Sha256);

/// <summary>What the base classifier's last bits depend on besides the model (rule S4).</summary>
/// <param name="Library">SHA-256 of the inference library, 64 hex digits.</param>
/// <param name="Processor">The instruction sets that kernels are chosen by.</param>
/// <param name="Rows">Of every run: a batch that has fewer samples is filled up.</param>
/// <param name="Classes">Elements of a row of the output.</param>
public sealed record CertificateEngine(string Library, string Processor, int Rows, int Classes);

/// <param name="Shape">Of one row: the first dimension is 1.</param>
/// <param name="Sha256">Over the elements as the caller sent them, 64 hex digits.</param>
public sealed record CertificateInput(string Name, ElementType Type, ImmutableArray<long> Shape, string Sha256);

/// <param name="Kind">On which numbers the noise lies.</param>
/// <param name="Sampler">Algorithm and version.</param>
/// <param name="Sigma">In units of the tensor that the graphs see.</param>
/// <param name="Scale">Units of the input as the caller sent it for one unit of that tensor.</param>
/// <param name="Commitment">To the request's seed, 64 hex digits.</param>
/// <param name="Row">The input's place in the request.</param>
/// <param name="First">Sample number of the first selection sample.</param>
/// <param name="Count">Selection and certification samples together.</param>
/// <param name="Seed">64 hex digits once it is revealed, else null.</param>
public sealed record CertificateNoise(
    CertificateKind Kind, string Sampler, double Sigma, double Scale, string Commitment, int Row, long First, long Count, string? Seed)
{
    /// <summary>The only norm there is.</summary>
    public const string Norm = "l2";
}

public enum CertificateKind
{
    /// <summary>Whole steps of an 8-bit input, added before it is turned into the graphs' tensor: exact.</summary>
    Grid,

    /// <summary>Added to an FP32 input, rounded once.</summary>
    Float,
}

/// <summary>What was asked for.</summary>
/// <param name="Selection">Samples that choose the class.</param>
/// <param name="MaxSamples">Certification samples, at most (sequential) or exactly: one that is missing then counts against the class.</param>
/// <param name="Schedule">How the boundary tables were made; null with Clopper-Pearson.</param>
public sealed record CertificateRule(CertificateMethod Method, double Alpha, int Selection, int MaxSamples, CertificateSchedule? Schedule);

/// <summary>What boundary tables are made from, beside radius, sigma and alpha.</summary>
/// <param name="Beta">Bound on the probability of giving up a radius that holds.</param>
/// <param name="Look">A decision may fall after so many samples and their multiples, and after the last.</param>
/// <param name="TableSamples">The tables' last look.</param>
public sealed record CertificateSchedule(double Beta, int Look, int TableSamples);

public enum CertificateMethod
{
    /// <summary>Calibrated boundaries, one for each radius of the ladder.</summary>
    Sequential,

    /// <summary>One bound after a fixed number of samples.</summary>
    ClopperPearson,
}
