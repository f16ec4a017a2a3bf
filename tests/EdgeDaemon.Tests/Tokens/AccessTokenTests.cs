using System.Security.Cryptography;
using System.Text;
using EdgeDaemon.Core.Tokens;

namespace EdgeDaemon.Tests.Tokens;

/// <summary>The form that is read: Tokens/README.md, line for line, and the published example of ES256.</summary>
[TestClass]
public sealed class AccessTokenTests
{
    private static readonly ECDsa Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    [TestMethod]
    public void What_a_good_token_says_is_read()
    {
        AccessToken token = AccessToken.Parse(MadeToken.Make(Key, """{"sub":"cert:spiffe://a/b","aud":["x","y"],"iss":"i","iat":10,"nbf":11,"exp":12,"cnf":{"x5t#S256":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"},"roles":{"a":["b"]}}"""));
        Assert.AreEqual("k1", token.KeyId);
        Assert.AreEqual("cert:spiffe://a/b", token.Claims.Subject);
        CollectionAssert.AreEqual((string[])["x", "y"], token.Claims.Audiences.ToArray());
        Assert.AreEqual("i", token.Claims.Issuer);
        Assert.AreEqual((10L, 11L, 12L), (token.Claims.IssuedAt.ToUnixTimeSeconds(), token.Claims.NotBefore!.Value.ToUnixTimeSeconds(), token.Claims.Expires.ToUnixTimeSeconds()));
        CollectionAssert.AreEqual(Enumerable.Range(0, 32).Select(n => (byte)n).ToArray(), token.Claims.Certificate.ToArray());
    }

    // RFC 7515, appendix A.3: the signature of its example; the token itself names no key.
    [TestMethod]
    public void The_standards_example_verifies_and_its_neighbours_do_not()
    {
        byte[] signed = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"u8.ToArray();
        byte[] signature = MadeToken.Decode("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
        using ECDsa published = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = MadeToken.Decode("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"), Y = MadeToken.Decode("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0") },
        });
        using TokenKey key = TokenKey.FromPem("k", published.ExportSubjectPublicKeyInfoPem());
        Assert.IsTrue(key.Verifies(signed, signature));
        signature[63] ^= 1;
        Assert.IsFalse(key.Verifies(signed, signature));
        signature[63] ^= 1;
        signed[3] ^= 1;
        Assert.IsFalse(key.Verifies(signed, signature));
    }

    [TestMethod]
    [DataRow(TokenFault.AlgorithmRefused, """{"alg":"none","kid":"k1"}""")]
    [DataRow(TokenFault.AlgorithmRefused, """{"alg":"None","kid":"k1"}""")]
    [DataRow(TokenFault.AlgorithmRefused, """{"alg":"HS256","kid":"k1"}""")]
    [DataRow(TokenFault.AlgorithmRefused, """{"alg":"ES384","kid":"k1"}""")]
    [DataRow(TokenFault.AlgorithmRefused, """{"alg":"es256","kid":"k1"}""")]
    [DataRow(TokenFault.AlgorithmRefused, """{"alg":["ES256"],"kid":"k1"}""")]
    [DataRow(TokenFault.AlgorithmRefused, """{"alg":null,"kid":"k1"}""")]
    [DataRow(TokenFault.AlgorithmRefused, """{"kid":"k1"}""")]
    [DataRow(TokenFault.KeyIdMissing, """{"alg":"ES256"}""")]
    [DataRow(TokenFault.KeyIdMissing, """{"alg":"ES256","kid":""}""")]
    [DataRow(TokenFault.KeyIdMissing, """{"alg":"ES256","kid":1}""")]
    [DataRow(TokenFault.HeaderUnexpected, """{"alg":"ES256","kid":"k1","typ":"jwt"}""")]
    [DataRow(TokenFault.HeaderUnexpected, """{"alg":"ES256","kid":"k1","typ":null}""")]
    [DataRow(TokenFault.HeaderUnexpected, """{"alg":"ES256","kid":"k1","crit":["exp"]}""")]
    [DataRow(TokenFault.HeaderUnexpected, """{"alg":"ES256","kid":"k1","jwk":{"kty":"EC"}}""")]
    [DataRow(TokenFault.HeaderUnexpected, """{"alg":"ES256","kid":"k1","jku":"https://attacker.example/keys"}""")]
    [DataRow(TokenFault.HeaderUnexpected, """{"alg":"ES256","kid":"k1","b64":false}""")]
    [DataRow(TokenFault.DuplicateMember, """{"alg":"none","alg":"ES256","kid":"k1"}""")]
    [DataRow(TokenFault.DuplicateMember, """{"alg":"ES256","kid":"k1","\u006bid":"k2"}""")]
    [DataRow(TokenFault.JsonMalformed, """["ES256"]""")]
    [DataRow(TokenFault.JsonMalformed, """{"alg":"ES256","kid":"k1"}{}""")]
    [DataRow(TokenFault.JsonMalformed, """{"alg":"ES256","kid":"k1",}""")]
    [DataRow(TokenFault.JsonMalformed, "")]
    public void Header(TokenFault fault, string header) => Refused(fault, MadeToken.Make(Key, header: header));

    [TestMethod]
    [DataRow(TokenFault.ClaimMissing, """{"aud":"device","iat":1,"exp":2}""")]
    [DataRow(TokenFault.ClaimMissing, """{"sub":"unix:1","iat":1,"exp":2}""")]
    [DataRow(TokenFault.ClaimMissing, """{"sub":"unix:1","aud":"device","exp":2}""")]
    [DataRow(TokenFault.ClaimMissing, """{"sub":"unix:1","aud":"device","iat":1}""")]
    [DataRow(TokenFault.ClaimWrongType, """{"sub":1,"aud":"device","iat":1,"exp":2}""")]
    [DataRow(TokenFault.ClaimWrongType, """{"sub":"unix:1","aud":[],"iat":1,"exp":2}""")]
    [DataRow(TokenFault.ClaimWrongType, """{"sub":"unix:1","aud":["device",1],"iat":1,"exp":2}""")]
    [DataRow(TokenFault.ClaimWrongType, """{"sub":"unix:1","aud":{"device":1},"iat":1,"exp":2}""")]
    [DataRow(TokenFault.ClaimWrongType, """{"sub":"unix:1","aud":"device","iss":null,"iat":1,"exp":2}""")]
    [DataRow(TokenFault.ClaimWrongType, """{"sub":"unix:1","aud":"device","iat":"1","exp":2}""")]
    [DataRow(TokenFault.ClaimWrongType, """{"sub":"unix:1","aud":"device","iat":-1,"exp":2}""")]
    [DataRow(TokenFault.ClaimWrongType, """{"sub":"unix:1","aud":"device","iat":1,"exp":2.0}""")]
    [DataRow(TokenFault.ClaimWrongType, """{"sub":"unix:1","aud":"device","iat":1,"exp":2e3}""")]
    [DataRow(TokenFault.ClaimWrongType, """{"sub":"unix:1","aud":"device","iat":1,"exp":253402300800}""")]
    [DataRow(TokenFault.ClaimWrongType, """{"sub":"unix:1","aud":"device","iat":1,"exp":99999999999999999999999}""")]
    [DataRow(TokenFault.ClaimWrongType, """{"sub":"unix:1","aud":"device","iat":1,"exp":2,"nbf":"0"}""")]
    [DataRow(TokenFault.ClaimWrongType, """{"sub":"unix:1","aud":"device","iat":1,"exp":2,"cnf":"x"}""")]
    [DataRow(TokenFault.ClaimWrongType, """{"sub":"unix:1","aud":"device","iat":1,"exp":2,"cnf":{"x5t#S256":"AAAA"}}""")]
    [DataRow(TokenFault.NotBase64Url, """{"sub":"unix:1","aud":"device","iat":1,"exp":2,"cnf":{"x5t#S256":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}}""")]
    [DataRow(TokenFault.DuplicateMember, """{"sub":"unix:1","sub":"unix:2","aud":"device","iat":1,"exp":2}""")]
    [DataRow(TokenFault.DuplicateMember, """{"sub":"unix:1","aud":"device","iat":1,"exp":2,"cnf":{"x5t#S256":"a","x5t#S256":"b"}}""")]
    [DataRow(TokenFault.DuplicateMember, """{"sub":"unix:1","aud":"device","iat":1,"exp":2,"\u0065xp":3}""")]
    [DataRow(TokenFault.JsonMalformed, """{"sub":"unix:1\ud800","aud":"device","iat":1,"exp":2}""")]
    [DataRow(TokenFault.JsonMalformed, "null")]
    public void Claims(TokenFault fault, string claims) => Refused(fault, MadeToken.Make(Key, claims));

    [TestMethod]
    public void Text()
    {
        string good = MadeToken.Make(Key);
        string[] parts = good.Split('.');
        Assert.AreEqual("k1", AccessToken.Parse(good).KeyId);
        Refused(TokenFault.NotCompact, "");
        Refused(TokenFault.NotCompact, "a");
        Refused(TokenFault.NotCompact, $"{parts[0]}.{parts[1]}");
        Refused(TokenFault.NotCompact, $"{good}.{parts[2]}");
        Refused(TokenFault.SignatureLength, $"{parts[0]}.{parts[1]}.");
        Refused(TokenFault.NotBase64Url, $"{good}=");
        Refused(TokenFault.NotBase64Url, $"{good}==");
        Refused(TokenFault.NotBase64Url, $" {good}");
        Refused(TokenFault.NotBase64Url, $"{good}\n");
        Refused(TokenFault.NotBase64Url, $"{parts[0]}.{parts[1][..8]} {parts[1][8..]}.{parts[2]}");
        Refused(TokenFault.NotBase64Url, $"{parts[0]}.{parts[1]}.{parts[2][..^1]}+");

        // 64 bytes leave four unused bits in the last character: sixteen spellings, of which one counts.
        const string Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        int last = Digits.IndexOf(parts[2][^1], StringComparison.Ordinal);
        Assert.AreEqual(0, last % 16);
        Refused(TokenFault.NotBase64Url, $"{parts[0]}.{parts[1]}.{parts[2][..^1]}{Digits[last + 1]}");

        Refused(TokenFault.TooLong, $"{good}{new string('A', AccessToken.MaxLength)}");
        string filler = new('x', 5800);
        string longest = MadeToken.Make(Key, $$"""{"sub":"unix:1","aud":"device","iat":1,"exp":2,"x":"{{filler}}"}""");
        Assert.IsLessThanOrEqualTo(AccessToken.MaxLength, longest.Length);
        Assert.AreEqual("unix:1", AccessToken.Parse(longest).Claims.Subject);
    }

    [TestMethod]
    public void A_signature_as_DER_has_another_length()
    {
        byte[] der = [];
        Refused(TokenFault.SignatureLength, MadeToken.Join(MadeToken.Header, MadeToken.Claims, signed => der = Key.SignData(signed, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)));
        Assert.IsTrue(Key.VerifyData(Encoding.ASCII.GetBytes(MadeToken.Make(Key).Split('.') is [var header, var claims, _] ? $"{header}.{claims}" : ""), der, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence), "it is a good one");
    }

    [TestMethod]
    public void Keys_are_public_and_P256()
    {
        using ECDsa other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using RSA rsa = RSA.Create(2048);
        foreach (string pem in (string[])[other.ExportSubjectPublicKeyInfoPem(), rsa.ExportSubjectPublicKeyInfoPem(), Key.ExportPkcs8PrivateKeyPem(), "", Key.ExportSubjectPublicKeyInfoPem() + Key.ExportSubjectPublicKeyInfoPem()])
        {
            Assert.ThrowsExactly<TokenException>(() => TokenKey.FromPem("k", pem));
        }

        using TokenKey good = TokenKey.FromPem("k", Key.ExportSubjectPublicKeyInfoPem());
        Assert.AreEqual("k", good.Id);
    }

    private static void Refused(TokenFault fault, string token) => Assert.AreEqual(fault, Assert.ThrowsExactly<TokenException>(() => AccessToken.Parse(token)).Fault);
}
