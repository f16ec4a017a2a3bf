using System.Collections.Immutable;
using System.Security.Cryptography;
using EdgeDaemon.Core.Smoothing.Noise;

namespace EdgeDaemon.Core.Smoothing.Certificates;

/// <summary>
/// What the smoothed model said of one input, with everything that is needed to find it again. The schema is the README beside this file; names here are
/// the keys there.
/// </summary>
public sealed record RobustnessCertificate(
    CertificateModel Model,
    CertificateEngine Engine,
    CertificateInput Input,
    CertificateNoise Noise,
    CertificateRule Rule,
    SampleTally Selection,
    SampleTally Certification,
    ImmutableArray<LadderStep> Ladder,
    CertificateResult Result)
{
    /// <summary>By the seed of its noise, over all that stands here but the seed: 64 hex digits. Empty before <see cref="SealedBy"/>; one that is read has it.</summary>
    public string Seal { get; init; } = "";

    /// <summary>The only format there is.</summary>
    public const int Format = 1;

    /// <summary>A certificate of 64 members and a thousand classes has some 40 kB.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>As it is handed out: canonical but for the seed, where it is revealed.</summary>
    public byte[] ToJson() => CertificateWriter.Write(this, revealed: true, Seal);

    /// <summary>What the digest is over: never with the seed.</summary>
    public byte[] ToCanonicalBytes() => CertificateWriter.Write(this, revealed: false, Seal);

    /// <summary>SHA-256 over the canonical bytes, 64 lower-case hex digits: what an audit record holds. Revealing the seed does not change it.</summary>
    public string Digest() => Convert.ToHexStringLower(SHA256.HashData(ToCanonicalBytes()));

    /// <summary>The same certificate with its seal.</summary>
    /// <param name="seed">That of its commitment.</param>
    public RobustnessCertificate SealedBy(NoiseSeed seed)
    {
        Span<byte> seal = stackalloc byte[NoiseSeed.SealSize];
        seed.Seal(CertificateWriter.Write(this, revealed: false, seal: ""), seal);
        return this with { Seal = Convert.ToHexStringLower(seal) };
    }

    /// <summary>Whether nothing of it was changed since it was sealed, by anybody who did not know the seed.</summary>
    /// <param name="seed">That of its commitment.</param>
    public bool IsSealedBy(NoiseSeed seed) => SealedBy(seed).Seal == Seal;

    /// <summary>Reads a certificate and holds it against itself.</summary>
    /// <param name="utf8">Any order of keys, any white space.</param>
    /// <param name="file">For messages.</param>
    /// <exception cref="CertificateException">With line and column: no JSON, not this schema, or it contradicts itself.</exception>
    public static RobustnessCertificate Parse(ReadOnlyMemory<byte> utf8, string file) => CertificateReader.Read(utf8, file);
}
