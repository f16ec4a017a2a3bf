namespace EdgeDaemon.Audit;

/// <summary>
/// What a record says of a certification, so that its noise can be drawn again and its bound computed anew. Made for each such request, which draws thousands of samples; set as
/// <see cref="RequestDraft.Certified"/> before the request is recorded.
/// </summary>
internal sealed record CertificateDraft
{
    /// <summary>Rows of which the record says the radius.</summary>
    public const int MostRows = 16;

    /// <summary>What was bound before the first sample was drawn: 32 bytes.</summary>
    public required ReadOnlyMemory<byte> Commitment { get; init; }

    /// <summary>What it is a commitment to; empty keeps it out of the log, and then nobody can draw the noise again.</summary>
    public Memory<byte> Seed { get; init; }

    public required double Sigma { get; init; }

    public required double Alpha { get; init; }

    /// <summary>Of each row, also of one that abstains; <see cref="Core.Smoothing.Votes.None"/> where no sample was of any.</summary>
    public IReadOnlyList<int> Classes { get; init; } = [];

    /// <summary>Of each row: the share of the samples that count which were of its class, in millionths.</summary>
    public IReadOnlyList<long> Agreement { get; init; } = [];

    /// <summary>Rows without an answer, from 0.</summary>
    public IReadOnlyList<int> AbstainedRows { get; init; } = [];

    /// <summary>Of each row, in the units of sigma; 0 for one that abstains.</summary>
    public required IReadOnlyList<double> Radii { get; init; }

    /// <summary>Of each row: its place in the noise, and how many samples of it were drawn.</summary>
    public IReadOnlyList<(long Place, long Samples)> Drawn { get; init; } = [];

    /// <summary>The first row's votes for its class.</summary>
    public long TopCount { get; init; }

    /// <summary>Every row abstains.</summary>
    public bool Abstained { get; init; }

    /// <summary>SHA-256 of the certificate's bytes, where one was given out.</summary>
    public ReadOnlyMemory<byte> Certificate { get; init; }
}
