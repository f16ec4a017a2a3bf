using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace EdgeDaemon.Core.Audit.Notes;

/// <summary>
/// A public key by which notes are verified: a C2SP vkey, <c>name+id+base64(type, key)</c>. Only type 0x02 (ECDSA) verifies here; Ed25519
/// (0x01) can be read and named, so that a mixed list of keys is no error. Verifies for any number of threads.
/// </summary>
public sealed class NoteVerifier : IDisposable
{
    private const byte Ed25519 = 1;
    private const byte Ecdsa = 2;

    private readonly ECDsa? _key;
    private readonly byte[] _public;
    private readonly byte _type;

    private NoteVerifier(string name, byte type, byte[] key, uint id, ECDsa? ecdsa)
    {
        (Name, KeyId, _type, _public, _key) = (name, id, type, key, ecdsa);
    }

    public string Name { get; }

    /// <summary>For type 0x02 the first four bytes of the SPKI's SHA-256, without name and type (signed-note's exception).</summary>
    public uint KeyId { get; }

    /// <summary>Whether this key's signatures can be verified here.</summary>
    public bool CanVerify => _key is not null;

    /// <summary>DER of the SubjectPublicKeyInfo (of type 0x02).</summary>
    public ReadOnlyMemory<byte> Spki => _public;

    /// <exception cref="AuditFormatException">The bytes are no P-256 key.</exception>
    public static NoteVerifier Of(string name, ReadOnlySpan<byte> spki)
    {
        byte[] key = spki.ToArray();
        ECDsa? ecdsa = null;
        try
        {
            ecdsa = ECDsa.Create();
            ecdsa.ImportSubjectPublicKeyInfo(key, out int read);
            if (read == key.Length && ecdsa.KeySize == 256 && ecdsa.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key))
            {
                return new NoteVerifier(name, Ecdsa, key, IdOf(key), ecdsa);
            }
        }
        catch (CryptographicException)
        {
        }

        ecdsa?.Dispose();
        throw new AuditFormatException("the key is not a P-256 SubjectPublicKeyInfo in its usual DER");
    }

    /// <summary>Reads a vkey. Its id must be the key's own: a slip of the pen does not become another key.</summary>
    /// <exception cref="AuditFormatException">The text is none.</exception>
    public static NoteVerifier Parse(string vkey)
    {
        string[] parts = vkey.Split('+', 3);
        if (parts.Length != 3 || !SignedNote.IsKeyName(parts[0]) || parts[1].Length != 8 || !uint.TryParse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint id))
        {
            throw new AuditFormatException("a vkey is NAME+8 HEX DIGITS+BASE64");
        }

        byte[] typed = NoteBase64.Decode(Encoding.UTF8.GetBytes(parts[2]), "the key");
        NoteVerifier verifier = typed switch
        {
            [Ed25519, ..] when typed.Length == 33 => new NoteVerifier(parts[0], Ed25519, typed[1..], IdOf(parts[0], typed), null),
            [Ecdsa, ..] => Of(parts[0], typed.AsSpan(1)),
            _ => throw new AuditFormatException("the vkey's type is neither 0x01 (Ed25519) nor 0x02 (ECDSA)"),
        };
        if (verifier.KeyId == id && parts[1].AsSpan().SequenceEqual($"{id:x8}"))
        {
            return verifier;
        }

        verifier.Dispose();
        throw new AuditFormatException($"the vkey says id {parts[1]}, and the key's is {verifier.KeyId:x8}");
    }

    /// <summary>The vkey, as <see cref="Parse"/> reads it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name}+{KeyId:x8}+{Convert.ToBase64String([_type, .. _public])}");

    /// <summary>Whether this key signed the note. Every signature line of its name and id must hold, and there must be one; unknown lines do not count.</summary>
    /// <exception cref="NotSupportedException">The key is none of type 0x02.</exception>
    public bool Verify(SignedNote note)
    {
        ECDsa key = _key ?? throw new NotSupportedException($"signatures of {Name} are Ed25519, which is not verified here");
        bool any = false;
        foreach (NoteSignature signature in note.Signatures)
        {
            if (signature.KeyId != KeyId || signature.Name != Name)
            {
                continue;
            }

            lock (key) // The framework promises nothing of one key on two threads.
            {
                if (!key.VerifyData(note.Text.Span, signature.Signature.Span, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence))
                {
                    return false;
                }
            }

            any = true;
        }

        return any;
    }

    public void Dispose() => _key?.Dispose();

    internal static uint IdOf(ReadOnlySpan<byte> spki)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(spki, hash);
        return BinaryPrimitives.ReadUInt32BigEndian(hash);
    }

    private static uint IdOf(string name, ReadOnlySpan<byte> typed) => BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData([.. Encoding.UTF8.GetBytes(name), (byte)'\n', .. typed]));
}
