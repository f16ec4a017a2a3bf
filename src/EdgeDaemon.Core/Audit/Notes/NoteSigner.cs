using System.Buffers.Binary;
using System.Security.Cryptography;

namespace EdgeDaemon.Core.Audit.Notes;

/// <summary>A private key that signs notes, type 0x02: ECDSA P-256 over SHA-256, DER (as transparency-dev's reference verifier reads it).</summary>
/// <param name="name">The key's name; of a log's keys, its origin.</param>
/// <param name="key">P-256 with its private part; belongs to the caller, who erases it.</param>
public sealed class NoteSigner(string name, ECDsa key)
{
    private readonly byte[] _spki = key.ExportSubjectPublicKeyInfo();

    public string Name { get; } = Origin.Require(name);

    /// <summary>Public half: DER of the SubjectPublicKeyInfo.</summary>
    public ReadOnlyMemory<byte> Spki => _spki;

    /// <summary>Who can verify what this signs.</summary>
    public NoteVerifier Verifier() => NoteVerifier.Of(Name, _spki);

    internal byte[] SignatureBlob(ReadOnlySpan<byte> text)
    {
        byte[] signature = key.SignData(text, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        byte[] blob = new byte[4 + signature.Length];
        BinaryPrimitives.WriteUInt32BigEndian(blob, NoteVerifier.IdOf(_spki));
        signature.CopyTo(blob, 4);
        return blob;
    }
}
