using System.IO.Pipelines;
using System.Security.Cryptography;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Protocol.Grpc;
using EdgeDaemon.Core.Tokens;
using EdgeDaemon.Identity;
using EdgeDaemon.Listeners;
using EdgeDaemon.Pipeline;
using EdgeDaemon.Tests.Tokens;
using Microsoft.AspNetCore.Http.Features;

namespace EdgeDaemon.Tests.Identity;

/// <summary>The one point where it is decided: each access against each role, and what ends while a connection or a stream goes on.</summary>
[TestClass]
public sealed class AuthorisationTests
{
    private const string Key = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    private static readonly ECDsa Signer = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private readonly MovedClock _clock = new() { Time = MadeToken.Now };

    [TestMethod]
    [DataRow(Access.Public, "infer observe fleet admin nobody")]
    [DataRow(Access.Infer, "infer")]
    [DataRow(Access.Describe, "infer observe")]
    [DataRow(Access.Observe, "observe")]
    [DataRow(Access.Fleet, "fleet")]
    [DataRow(Access.Admin, "admin")]
    [DataRow(Access.None, "")]
    public void Each_access_is_for_its_roles_alone(object access, string passing)
    {
        Authorisation authorisation = Make();
        string[] roles = ["infer", "observe", "fleet", "admin", "nobody"];
        var passed = new List<string>();
        HttpExchange? asked = null;
        for (uint i = 0; i < roles.Length; i++)
        {
            try
            {
                HttpExchange exchange = Ask(Caller.OfUser(i + 1, []));
                asked = exchange;
                Tenant? tenant = authorisation.Enter(exchange, (Access)access);
                Assert.IsTrue(exchange.IsAuthorised);
                Assert.AreEqual(roles[i] == "nobody" ? null : roles[i], tenant?.Name);
                passed.Add(roles[i]);
            }
            catch (RefusedException refused)
            {
                Assert.AreEqual(roles[i] == "nobody" ? Refusal.AccessUnknownCaller : Refusal.AccessRoleMissing, refused.Refusal);
                Assert.IsFalse(asked!.IsAuthorised);
            }
        }

        Assert.AreEqual(passing, string.Join(' ', passed));
    }

    [TestMethod]
    public void Every_access_has_a_line_above() => Assert.AreEqual(7, Enum.GetValues<Access>().Length);

    [TestMethod]
    public void What_the_protocol_asks_of_its_callers()
    {
        Dictionary<RestRouteKind, Access> rest = Enum.GetValues<RestRouteKind>().ToDictionary(kind => kind, RouteAccess.Of);
        CollectionAssert.AreEquivalent((RestRouteKind[])[RestRouteKind.ServerLive, RestRouteKind.ServerReady], rest.Where(each => each.Value == Access.Public).Select(each => each.Key).ToArray());
        CollectionAssert.AreEquivalent((RestRouteKind[])[RestRouteKind.None], rest.Where(each => each.Value == Access.None).Select(each => each.Key).ToArray());
        Dictionary<GrpcMethod, Access> grpc = Enum.GetValues<GrpcMethod>().ToDictionary(method => method, RouteAccess.Of);
        CollectionAssert.AreEquivalent(
            (GrpcMethod[])[GrpcMethod.ServerLive, GrpcMethod.ServerReady, GrpcMethod.HealthCheck, GrpcMethod.HealthWatch], grpc.Where(each => each.Value == Access.Public).Select(each => each.Key).ToArray());
        CollectionAssert.AreEquivalent((GrpcMethod[])[GrpcMethod.None], grpc.Where(each => each.Value == Access.None).Select(each => each.Key).ToArray());
    }

    // A connection and a stream outlive what let them in: each request, and each message of a stream, comes through here.
    [TestMethod]
    public void A_certificate_that_expires_ends_what_its_open_connection_may_do()
    {
        Authorisation authorisation = Make();
        HttpExchange stream = Ask(Caller.OfCertificate(null, null, Key, new byte[32], MadeToken.Now.AddMinutes(1)));
        Assert.AreEqual("certificate", authorisation.Enter(stream, Access.Infer)?.Name);
        _clock.Advance(TimeSpan.FromSeconds(59));
        Assert.AreEqual("certificate", authorisation.Enter(stream, Access.Infer)?.Name);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.AreEqual(Refusal.AccessExpired, Refused(authorisation, stream, Access.Infer));
        Assert.IsFalse(stream.IsAuthorised, "what its earlier messages were allowed counts no more");
        Assert.IsNotNull(authorisation.Enter(stream, Access.Public), "health answers whoever is connected");
    }

    [TestMethod]
    public void A_reload_counts_for_open_connections()
    {
        TenantDirectory tenants = Tenants();
        var authorisation = new Authorisation(tenants, new TokenVerifier(null), _clock);
        HttpExchange stream = Ask(Caller.OfUser(1, []));
        Assert.AreEqual("infer", authorisation.Enter(stream, Access.Infer)?.Name);
        tenants.Replace(tenants.Prepare(TenantTableTests.Parse("format = 1\ntenant = [{ name = \"infer\", callers = [\"unix:1\"], roles = [\"observe\"] }]").Tenants));
        Assert.AreEqual(Refusal.AccessRoleMissing, Refused(authorisation, stream, Access.Infer));
        tenants.Replace(tenants.Prepare(TenantTableTests.Parse($"format = 1\ntenant = [{TenantTableTests.Entry("infer", "unix:2")}]").Tenants));
        Assert.AreEqual(Refusal.AccessUnknownCaller, Refused(authorisation, stream, Access.Infer));
    }

    [TestMethod]
    public void A_token_is_asked_for_where_the_role_that_is_used_needs_one()
    {
        Authorisation authorisation = Make(Authority("observe", "admin"));
        Assert.IsNotNull(authorisation.Enter(Ask(Caller.OfUser(1, [])), Access.Infer));
        Assert.IsNotNull(authorisation.Enter(Ask(Caller.OfUser(1, [])), Access.Describe));
        Assert.IsNotNull(authorisation.Enter(Ask(Caller.OfUser(3, [])), Access.Fleet));
        Assert.IsNotNull(authorisation.Enter(Ask(Caller.OfUser(2, [])), Access.Public));
        Assert.AreEqual(Refusal.AccessTokenMissing, Refused(authorisation, Ask(Caller.OfUser(2, [])), Access.Observe));
        Assert.AreEqual(Refusal.AccessTokenMissing, Refused(authorisation, Ask(Caller.OfUser(2, [])), Access.Describe));
        Assert.AreEqual(Refusal.AccessTokenMissing, Refused(authorisation, Ask(Caller.OfUser(4, [])), Access.Admin));

        // Whoever has both roles sees by both: without a token, it would see all models as one who may only infer.
        Assert.AreEqual(Refusal.AccessTokenMissing, Refused(authorisation, Ask(Caller.OfUser(6, [])), Access.Describe));
        Assert.IsNotNull(authorisation.Enter(Ask(Caller.OfUser(6, [])), Access.Infer));

        string token = MadeToken.Make(Signer, MadeToken.Claims.Replace("unix:1000", "unix:2", StringComparison.Ordinal));
        Assert.IsNotNull(authorisation.Enter(Ask(Caller.OfUser(2, []), $"Bearer {token}"), Access.Observe));
        Assert.AreEqual(Refusal.AccessTokenInvalid, Refused(authorisation, Ask(Caller.OfUser(4, []), $"Bearer {token}"), Access.Admin));

        // A token opens nothing by itself: neither for a stranger nor for another role.
        Assert.AreEqual(Refusal.AccessUnknownCaller, Refused(authorisation, Ask(Caller.OfUser(5, []), $"Bearer {token}"), Access.Observe));
        Assert.AreEqual(Refusal.AccessRoleMissing, Refused(authorisation, Ask(Caller.OfUser(2, []), $"Bearer {token}"), Access.Admin));
    }

    [TestMethod]
    public void A_token_that_expires_ends_what_its_open_stream_may_do()
    {
        Authorisation authorisation = Make(Authority("infer"));
        HttpExchange stream = Ask(Caller.OfUser(1, []), $"Bearer {MadeToken.Make(Signer, MadeToken.Claims.Replace("unix:1000", "unix:1", StringComparison.Ordinal))}");
        Assert.IsNotNull(authorisation.Enter(stream, Access.Infer));
        _clock.Advance(TimeSpan.FromSeconds(629));
        Assert.IsNotNull(authorisation.Enter(stream, Access.Infer));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.AreEqual(Refusal.AccessTokenInvalid, Refused(authorisation, stream, Access.Infer));
    }

    private static Refusal Refused(Authorisation authorisation, HttpExchange exchange, Access access) =>
        Assert.ThrowsExactly<RefusedException>(() => authorisation.Enter(exchange, access)).Refusal;

    private Authorisation Make(TokenAuthority? tokens = null) => new(Tenants(), new TokenVerifier(tokens), _clock);

    private TenantDirectory Tenants() => new(
        TenantTableTests.Parse($$"""
            format = 1
            tenant = [
              { name = "infer", callers = ["unix:1"], roles = ["infer"], models = ["*"] },
              { name = "observe", callers = ["unix:2"], roles = ["observe"] },
              { name = "fleet", callers = ["unix:3"], roles = ["fleet"] },
              { name = "admin", callers = ["unix:4"], roles = ["admin"] },
              { name = "two", callers = ["unix:6"], roles = ["infer", "observe"], models = ["a"] },
              { name = "certificate", callers = ["cert:sha256:{{Key}}"], roles = ["infer"], models = ["*"] },
            ]
            """).Tenants,
        new AccountFiles(),
        _clock);

    private static TokenAuthority Authority(params string[] roles)
    {
        EdgedSettings settings = TenantTableTests.Parse($$"""
            format = 1
            token_key = [{ id = "k1", file = "/k1" }]
            [token]
            audience = "device"
            required_for = [{{string.Join(", ", roles.Select(role => $"\"{role}\""))}}]
            """);
        return new TokenAuthority(settings.Token!, [TokenKey.FromPem("k1", Signer.ExportSubjectPublicKeyInfoPem())]);
    }

    internal static HttpExchange Ask(Caller caller, string? authorization = null) => Ask(caller, out _, authorization);

    internal static HttpExchange Ask(Caller caller, out FeatureCollection features, string? authorization = null)
    {
        var request = new HttpRequestFeature();
        request.Headers.Authorization = authorization;
        features = [];
        features.Set<IHttpRequestFeature>(request);
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        features.Set<IHttpResponseBodyFeature>(new NoBody());
        features.Set(new Arrival(TenantTableTests.Parse("format = 1").Listeners[0], caller));
        var exchange = new HttpExchange();
        exchange.Begin(features);
        return exchange;
    }

    // Nobody answers here.
    private sealed class NoBody : IHttpResponseBodyFeature
    {
        public Stream Stream => throw new NotSupportedException();

        public PipeWriter Writer => throw new NotSupportedException();

        public void DisableBuffering() => throw new NotSupportedException();

        public Task StartAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task CompleteAsync() => throw new NotSupportedException();
    }
}
