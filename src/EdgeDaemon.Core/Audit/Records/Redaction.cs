using System.Security.Cryptography;

namespace EdgeDaemon.Core.Audit.Records;

/// <summary>
/// Identifying texts as salted HMACs (README.md; the idea is Vault's audit devices'): equal values are seen to be equal, a known value can be looked up
/// by whoever has the salt, and nobody else can read or guess one.
/// </summary>
public sealed class Redaction
{
    public const int SaltBytes = 32;

    public const int SaltIdBytes = 4;

    /// <summary>Bytes of a redacted value: the salt's id and the HMAC.</summary>
    public const int Length = SaltIdBytes + HMACSHA256.HashSizeInBytes;

    /// <summary>Longest text that is looked at, in bytes of UTF-8; the rest does not count.</summary>
    public const int LongestText = 1024;

    private readonly byte[] _salt;
    private readonly byte[] _id = new byte[SaltIdBytes];

    /// <param name="salt">32 random bytes. Held until the end of the process.</param>
    /// <exception cref="ArgumentException">It has another length.</exception>
    public Redaction(ReadOnlySpan<byte> salt)
    {
        if (salt.Length != SaltBytes)
        {
            throw new ArgumentException($"a salt has {SaltBytes} bytes, not {salt.Length}", nameof(salt));
        }

        _salt = salt.ToArray();
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData([.. "edgedaemon audit salt"u8, .. salt], hash);
        hash[..SaltIdBytes].CopyTo(_id);
    }

    /// <summary>Says which salt a value was redacted with, and nothing about the salt.</summary>
    public ReadOnlySpan<byte> SaltId => _id;

    /// <summary>Allocates nothing. The field's number goes in first, so that a caller and a peer of one text are not seen to be one.</summary>
    /// <param name="field">Where the text stands.</param>
    /// <param name="text">UTF-8; whole, not cut to the field's bound.</param>
    /// <param name="into">At least <see cref="Length"/> bytes.</param>
    public void Apply(RecordField field, ReadOnlySpan<byte> text, Span<byte> into)
    {
        Span<byte> message = stackalloc byte[1 + LongestText];
        text = text[..Math.Min(text.Length, LongestText)];
        message[0] = (byte)field;
        text.CopyTo(message[1..]);
        _id.CopyTo(into);
        HMACSHA256.HashData(_salt, message[..(1 + text.Length)], into.Slice(SaltIdBytes, HMACSHA256.HashSizeInBytes));
    }

    /// <summary>Whether <paramref name="value"/>, as a record has it, stands for this text. Not for secrets: it takes as long as the bytes differ.</summary>
    public bool Matches(RecordField field, ReadOnlySpan<byte> text, ReadOnlySpan<byte> value)
    {
        Span<byte> mine = stackalloc byte[Length];
        Apply(field, text, mine);
        return value.SequenceEqual(mine);
    }
}
