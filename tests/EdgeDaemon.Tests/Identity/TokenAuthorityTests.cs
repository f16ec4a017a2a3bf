using System.Security.Cryptography;
using System.Text;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tokens;
using EdgeDaemon.Identity;
using EdgeDaemon.Tests.Tokens;
using Microsoft.Extensions.Primitives;

namespace EdgeDaemon.Tests.Identity;

/// <summary>Every way in which a token can be somebody else's, each beside the good one from which it differs in that alone.</summary>
[TestClass]
public sealed class TokenAuthorityTests
{
    private const string Other = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    private static readonly ECDsa Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private static readonly ECDsa Second = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private static readonly ECDsa Stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private static readonly byte[] Certificate = SHA256.HashData("certificate"u8);
    private static readonly string Bound = MadeToken.Encode(Certificate);

    private readonly MovedClock _clock = new() { Time = MadeToken.Now };
    private readonly Caller _unix = Caller.OfUser(1000, []);
    private readonly Caller _certificate = Caller.OfCertificate("spiffe://a/b", null, new string('0', 64), Certificate, DateTimeOffset.MaxValue);

    [TestMethod]
    public void A_good_token_speaks_for_its_caller()
    {
        Passes(_unix, Make());
        Passes(_unix, Make(header: """{"kid":"k1","alg":"ES256"}"""));
        Passes(_unix, Make("""{"sub":"unix:1000","aud":["other","device"],"iss":"issuer","iat":1767225600,"nbf":1767225600,"exp":1767226200,"more":[{}]}"""));
        Passes(_unix, MadeToken.Make(Second, header: """{"alg":"ES256","kid":"k2"}"""));
        Passes(_certificate, Make(ForCertificate(Bound)));
    }

    [TestMethod]
    public void Without_an_algorithm()
    {
        Refused("AlgorithmRefused", MadeToken.Join("""{"alg":"none","kid":"k1"}""", MadeToken.Claims, _ => []));
        Refused("AlgorithmRefused", Make(header: """{"alg":"none","kid":"k1"}"""));
    }

    [TestMethod]
    public void Keyed_with_the_public_key_as_the_secret()
    {
        foreach (byte[] secret in (byte[][])[Encoding.ASCII.GetBytes(Key.ExportSubjectPublicKeyInfoPem()), Encoding.ASCII.GetBytes(Key.ExportSubjectPublicKeyInfoPem() + "\n"), Key.ExportSubjectPublicKeyInfo()])
        {
            Refused("AlgorithmRefused", MadeToken.Join("""{"alg":"HS256","kid":"k1"}""", MadeToken.Claims, signed => HMACSHA256.HashData(secret, signed)));
            Refused("SignatureLength", MadeToken.Join(MadeToken.Header, MadeToken.Claims, signed => HMACSHA256.HashData(secret, signed)));
        }
    }

    [TestMethod]
    public void For_another_audience()
    {
        Refused("AudienceOther", Make(MadeToken.Claims.Replace("\"device\"", "\"other\"", StringComparison.Ordinal)));
        Refused("AudienceOther", Make(MadeToken.Claims.Replace("\"device\"", "\"device2\"", StringComparison.Ordinal)));
        Refused("AudienceOther", Make(MadeToken.Claims.Replace("\"device\"", "[\"Device\"]", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void By_another_issuer()
    {
        Refused("IssuerOther", Make(MadeToken.Claims.Replace("\"issuer\"", "\"other\"", StringComparison.Ordinal)));
        Refused("IssuerOther", Make(MadeToken.Claims.Replace("\"iss\":\"issuer\",", "", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void Expired()
    {
        // Ten minutes, and thirty seconds for a clock that is off.
        _clock.Advance(TimeSpan.FromSeconds(629.9));
        Passes(_unix, Make());
        _clock.Advance(TimeSpan.FromSeconds(0.1));
        Refused("Expired", Make());
    }

    [TestMethod]
    public void Expired_since_it_was_first_shown()
    {
        TokenAuthority authority = Authority();
        authority.Require($"Bearer {Make()}", _unix, _clock.Time);
        _clock.Advance(TimeSpan.FromSeconds(629.9));
        authority.Require($"Bearer {Make()}", _unix, _clock.Time);
        string shown = Make();
        authority.Require($"Bearer {shown}", _unix, _clock.Time);
        Assert.IsNotNull(_unix.Token);
        _clock.Advance(TimeSpan.FromSeconds(0.1));
        StringAssert.Contains(Assert.ThrowsExactly<RefusedException>(() => authority.Require($"Bearer {shown}", _unix, _clock.Time)).Message, "Expired");
    }

    [TestMethod]
    public void Not_yet_valid()
    {
        _clock.Advance(TimeSpan.FromSeconds(-30));
        Passes(_unix, Make());
        _clock.Advance(TimeSpan.FromSeconds(-0.1));
        Refused("NotYetValid", Make());
        _clock.Time = MadeToken.Now;
        Passes(_unix, Make(MadeToken.Claims.Replace("\"iat\"", "\"nbf\":1767225630,\"iat\"", StringComparison.Ordinal)));
        Refused("NotYetValid", Make(MadeToken.Claims.Replace("\"iat\"", "\"nbf\":1767225631,\"iat\"", StringComparison.Ordinal)));
        Refused("NotYetValid", Make(MadeToken.Claims.Replace("\"iat\":1767225600", "\"iat\":1767225700", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void With_too_long_a_life()
    {
        Passes(_unix, Make(MadeToken.Claims.Replace("1767226200", "1767229200", StringComparison.Ordinal)));
        Refused("LifeTooLong", Make(MadeToken.Claims.Replace("1767226200", "1767229201", StringComparison.Ordinal)));
        Refused("LifeTooLong", Make(MadeToken.Claims.Replace("1767226200", "253402300799", StringComparison.Ordinal)));
        Refused("LifeTooLong", Make(MadeToken.Claims.Replace("1767226200", "1767225600", StringComparison.Ordinal)));
        Refused("LifeTooLong", Make(MadeToken.Claims.Replace("1767225600", "0", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void Of_the_other_key_under_this_ones_id() => Refused("SignatureInvalid", MadeToken.Make(Second));

    [TestMethod]
    public void Of_an_unknown_key()
    {
        Refused("KeyUnknown", MadeToken.Make(Stranger, header: """{"alg":"ES256","kid":"k3"}"""));
        Refused("KeyUnknown", Make(header: """{"alg":"ES256","kid":"K1"}"""));
        Refused("KeyUnknown", Make(header: """{"alg":"ES256","kid":"../k1"}"""));
        Refused("SignatureInvalid", MadeToken.Make(Stranger));
    }

    [TestMethod]
    public void Of_another_caller()
    {
        Refused("SubjectOther", Make(MadeToken.Claims.Replace("unix:1000", "unix:1001", StringComparison.Ordinal)));
        Refused("SubjectOther", Make(MadeToken.Claims.Replace("unix:1000", "unix:01000", StringComparison.Ordinal)));
        Refused("SubjectOther", Make(MadeToken.Claims.Replace("unix:1000", "1000", StringComparison.Ordinal)));
        Refused("SubjectOther", Make(ForCertificate(Bound).Replace("spiffe://a/b", "spiffe://a/c", StringComparison.Ordinal)), _certificate);
    }

    [TestMethod]
    public void Bound_to_another_certificate()
    {
        Refused("CertificateOther", Make(ForCertificate(Other)), _certificate);
        Refused("CertificateUnbound", Make(ForCertificate(Bound).Replace("x5t#S256", "jkt", StringComparison.Ordinal)), _certificate);
        Refused("CertificateUnbound", Make("""{"iss":"issuer","sub":"cert:spiffe://a/b","aud":"device","iat":1767225600,"exp":1767226200}"""), _certificate);

        // And where there is none at all, its holder is not the one who asks.
        Refused("CertificateOther", Make(MadeToken.Claims.Replace("\"iat\"", $$"""
            "cnf":{"x5t#S256":"{{Bound}}"},"iat"
            """, StringComparison.Ordinal)));
    }

    [TestMethod]
    public void With_other_claims_than_were_signed()
    {
        string[] good = Make().Split('.');
        string changed = MadeToken.Encode(Encoding.UTF8.GetBytes(MadeToken.Claims.Replace("1767226200", "1767226201", StringComparison.Ordinal)));
        Refused("SignatureInvalid", $"{good[0]}.{changed}.{good[2]}");
        Refused("SignatureInvalid", $"{MadeToken.Encode("""{"kid":"k1","alg":"ES256"}"""u8.ToArray())}.{good[1]}.{good[2]}");
        Refused("SignatureInvalid", $"{good[0]}.{good[1]}.{MadeToken.Encode(new byte[64])}"); // CVE-2022-21449: r = s = 0.
        Passes(_unix, $"{good[0]}.{good[1]}.{good[2]}");
    }

    [TestMethod]
    public void Signed_in_DER() =>
        Refused("SignatureLength", MadeToken.Join(MadeToken.Header, MadeToken.Claims, signed => Key.SignData(signed, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)));

    [TestMethod]
    public void With_a_claim_twice() =>
        Refused("DuplicateMember", Make(MadeToken.Claims.Replace("\"sub\"", "\"sub\":\"unix:1001\",\"sub\"", StringComparison.Ordinal)));

    [TestMethod]
    public void In_two_headers()
    {
        string good = $"Bearer {Make()}";
        foreach (StringValues two in (StringValues[])[new([good, good]), new([good, "Basic eDp5"]), new(["Bearer x", good])])
        {
            RefusedException refused = Assert.ThrowsExactly<RefusedException>(() => Authority().Require(two, _unix, _clock.Time));
            Assert.AreEqual((Refusal.AccessTokenInvalid, "token: 2 authorization headers"), (refused.Refusal, refused.Message));
        }

        Refused("NotCompact", $"{Make()}, Bearer {Make()}");
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("Basic eDp5")]
    [DataRow("Bearer")]
    public void None_at_all(string header)
    {
        RefusedException refused = Assert.ThrowsExactly<RefusedException>(() => Authority().Require(header.Length == 0 ? default : new StringValues(header), _unix, _clock.Time));
        Assert.AreEqual(Refusal.AccessTokenMissing, refused.Refusal);
    }

    [TestMethod]
    public void The_scheme_may_be_written_in_any_case() => Authority().Require($"bearer {Make()}", _unix, _clock.Time);

    [TestMethod]
    public void What_was_found_good_is_judged_anew_by_other_keys_for_another_text_and_on_another_connection()
    {
        string token = Make();
        TokenAuthority before = Authority();
        before.Require($"Bearer {token}", _unix, _clock.Time);
        ShownToken? shown = _unix.Token;
        before.Require($"Bearer {token}", _unix, _clock.Time);
        Assert.AreSame(shown, _unix.Token, "it was judged twice");

        // The key was taken out of the configuration.
        TokenAuthority after = Authority(("k1", Second));
        StringAssert.Contains(Assert.ThrowsExactly<RefusedException>(() => after.Require($"Bearer {token}", _unix, _clock.Time)).Message, "SignatureInvalid");
        StringAssert.Contains(Assert.ThrowsExactly<RefusedException>(() => before.Require($"Bearer {token}A", _unix, _clock.Time)).Message, "SignatureLength");
        StringAssert.Contains(Assert.ThrowsExactly<RefusedException>(() => before.Require($"Bearer {token}", Caller.OfUser(1001, []), _clock.Time)).Message, "SubjectOther");
        before.Require($"Bearer {token}", _unix, _clock.Time);
    }

    [TestMethod]
    public void The_log_learns_why_and_never_what_was_shown()
    {
        string token = Make(MadeToken.Claims.Replace("unix:1000", "unix:1001", StringComparison.Ordinal));
        string message = Assert.ThrowsExactly<RefusedException>(() => Authority().Require($"Bearer {token}", _unix, _clock.Time)).Message;
        foreach (string part in token.Split('.'))
        {
            Assert.DoesNotContain(part[..16], message);
        }
    }

    private static string Make(string claims = MadeToken.Claims, string header = MadeToken.Header) => MadeToken.Make(Key, claims, header);

    private static string ForCertificate(string digest) =>
        $$$"""{"iss":"issuer","sub":"cert:spiffe://a/b","aud":"device","iat":1767225600,"exp":1767226200,"cnf":{"x5t#S256":"{{{digest}}}"}}""";

    private void Passes(Caller caller, string token)
    {
        Authority().Require($"Bearer {token}", caller, _clock.Time);
        Assert.IsNotNull(caller.Token);
    }

    private void Refused(string fault, string token, Caller? caller = null)
    {
        caller ??= _unix;
        caller.Token = null;
        RefusedException refused = Assert.ThrowsExactly<RefusedException>(() => Authority().Require($"Bearer {token}", caller, _clock.Time));
        Assert.AreEqual(Refusal.AccessTokenInvalid, refused.Refusal);
        StringAssert.StartsWith(refused.Message, $"token: {fault}: ");
        Assert.IsNull(caller.Token, "a refused token is remembered");
    }

    private static TokenAuthority Authority(params (string Id, ECDsa Key)[] keys)
    {
        EdgedSettings settings = TenantTableTests.Parse("""
            format = 1
            [token]
            audience = "device"
            issuer = "issuer"
            [[token_key]]
            id = "k1"
            file = "/k1"
            """);
        (string Id, ECDsa Key)[] known = keys.Length > 0 ? keys : [("k1", Key), ("k2", Second)];
        return new TokenAuthority(settings.Token!, known.Select(key => TokenKey.FromPem(key.Id, key.Key.ExportSubjectPublicKeyInfoPem())));
    }
}
