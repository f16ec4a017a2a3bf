using System.Buffers.Binary;
using System.Security.Cryptography;

namespace EdgeDaemon.Core.Smoothing.Noise;

/// <summary>
/// The 256 secret bits behind the noise of one request. Nobody outside chooses or foresees them: the error probability alpha of a certificate is
/// over these bits alone. Reused from request to request by <see cref="Draw"/>, so that none allocates; not safe for two threads.
/// </summary>
public sealed class NoiseSeed : IDisposable
{
    /// <summary>Bytes of a seed.</summary>
    public const int Size = 32;

    /// <summary>Bytes of a commitment.</summary>
    public const int CommitmentSize = SHA256.HashSizeInBytes;

    /// <summary>Bytes of a seal.</summary>
    public const int SealSize = HMACSHA256.HashSizeInBytes;

    // Pinned: the collector would leave copies of it wherever it moves it from.
    private readonly byte[] _bits = GC.AllocateArray<byte>(Size, pinned: true);

    private static ReadOnlySpan<byte> CommitmentLabel => "edged noise seed commitment v1\0"u8;

    private static ReadOnlySpan<byte> KeyLabel => "edged noise key v1\0"u8;

    private static ReadOnlySpan<byte> SealLabel => "edged certificate seal v1\0"u8;

    /// <summary>A fresh seed from the system's generator.</summary>
    public NoiseSeed() => Draw();

    /// <summary>A revealed seed, to replay a certificate. Never from a request.</summary>
    /// <exception cref="ArgumentException">Not <see cref="Size"/> bytes.</exception>
    public NoiseSeed(ReadOnlySpan<byte> revealed)
    {
        if (revealed.Length != Size)
        {
            throw new ArgumentException($"a noise seed has {Size} bytes, not {revealed.Length}", nameof(revealed));
        }

        revealed.CopyTo(_bits);
    }

    /// <summary>Secret until an auditor asks for it; then it goes into the record, never to a caller whose requests still run under it.</summary>
    public ReadOnlySpan<byte> Bits => _bits;

    /// <summary>Replaces the bits by fresh ones.</summary>
    public void Draw() => RandomNumberGenerator.Fill(_bits);

    /// <summary>SHA-256 over a label and the seed: binds the daemon to the seed without showing it.</summary>
    /// <param name="commitment"><see cref="CommitmentSize"/> bytes.</param>
    public void Commit(Span<byte> commitment)
    {
        Span<byte> text = stackalloc byte[CommitmentLabel.Length + Size];
        CommitmentLabel.CopyTo(text);
        _bits.CopyTo(text[CommitmentLabel.Length..]);
        SHA256.HashData(text, commitment);
        CryptographicOperations.ZeroMemory(text);
    }

    /// <summary>The generator's key for one input of the request: the first 64 bits of HMAC-SHA-256(seed, label, place).</summary>
    /// <param name="place">Which of the request's inputs, from 0. Two inputs never share noise: their errors would be one error.</param>
    public NoiseKey Key(uint place)
    {
        Span<byte> text = stackalloc byte[KeyLabel.Length + sizeof(uint)];
        KeyLabel.CopyTo(text);
        BinaryPrimitives.WriteUInt32BigEndian(text[KeyLabel.Length..], place);
        Span<byte> derived = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_bits, text, derived);
        var key = new NoiseKey(BinaryPrimitives.ReadUInt32LittleEndian(derived), BinaryPrimitives.ReadUInt32LittleEndian(derived[sizeof(uint)..]));
        CryptographicOperations.ZeroMemory(derived);
        return key;
    }

    /// <summary>HMAC-SHA-256(seed, label, text): who does not know the seed cannot write another text under the same commitment.</summary>
    /// <param name="text">What is sealed; no secret.</param>
    /// <param name="seal"><see cref="SealSize"/> bytes.</param>
    public void Seal(ReadOnlySpan<byte> text, Span<byte> seal) => HMACSHA256.HashData(_bits, [.. SealLabel, .. text], seal);

    /// <summary>Clears the bits: this seed can no longer be revealed.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_bits);
}
