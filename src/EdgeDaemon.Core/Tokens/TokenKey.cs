using System.Security.Cryptography;
using EdgeDaemon.Core.Bundles.Oms;

namespace EdgeDaemon.Core.Tokens;

/// <summary>A public key whose tokens count: P-256, under the id by which tokens name it.</summary>
public sealed class TokenKey : IDisposable
{
    private readonly ECDsa _key;
    private readonly Lock _use = new();

    private TokenKey(string id, ECDsa key)
    {
        Id = id;
        _key = key;
    }

    public string Id { get; }

    /// <param name="id">What <c>kid</c> must be.</param>
    /// <param name="pem">One <c>PUBLIC KEY</c> block; a private key is refused: it has no business on the device.</param>
    /// <exception cref="TokenException">It is no P-256 public key; the message says what it is.</exception>
    public static TokenKey FromPem(string id, ReadOnlySpan<char> pem)
    {
        OmsKey read;
        try
        {
            read = OmsKey.FromPem(pem);
        }
        catch (Exception unusable) when (unusable is OmsException or FormatException)
        {
            throw new TokenException(TokenFault.KeyUnknown, unusable.Message, unusable);
        }

        if (read.Curve != "P-256")
        {
            throw new TokenException(TokenFault.KeyUnknown, $"the key is on {read.Curve}; ES256 needs P-256");
        }

        var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(read.Spki.AsSpan(), out _);
        return new TokenKey(id, key);
    }

    /// <summary>True when the signature is this key's over the token's very bytes.</summary>
    public bool Verifies(AccessToken token) => Verifies(token.Signed.Span, token.Signature.Span);

    /// <summary>The same for bytes and a signature of 64 bytes that are no whole token.</summary>
    public bool Verifies(ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
    {
        // Once for a token and a connection; the framework promises nothing about two threads at one key.
        lock (_use)
        {
            return _key.VerifyData(signed, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
    }

    public void Dispose() => _key.Dispose();
}
