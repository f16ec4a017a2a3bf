using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using EdgeDaemon.Tests.Tokens;

namespace EdgeDaemon.EndToEnd;

/// <summary>Bearer tokens on the real wires, and what edged.toml names that is not there: accounts, keys. The rules of tokens have unit tests.</summary>
[TestClass]
public sealed partial class SecondFactorTests
{
    private const uint User = 5001;

    private static Daemon _daemon = null!;
    private static string _token = "";

    [ClassInitialize]
    public static async Task StartAsync(TestContext _)
    {
        StateDirectory state = StateDirectory.Create("", "digits/digits-s25");
        Command.Edgectl("keygen", "--out", state.At("ops")).Succeeded();
        Command.Edgectl("keygen", "--out", state.At("p384"), "--curve", "p384").Succeeded();
        File.Copy(state.At("ops.pub"), state.At("exposed.pub"));
        File.SetUnixFileMode(state.At("exposed.pub"), (UnixFileMode)0b110_110_110);
        File.AppendAllText(state.Config, $"""
            {AsUser.Tenant("root", 0, "\"infer\", \"observe\"", "\"*\"")}
            {AsUser.Tenant("user", User, "\"infer\"", "\"*\"")}
            [token]
            audience = "device"
            required_for = ["infer"]
            [[token_key]]
            id = "ops"
            file = "{state.At("ops.pub")}"

            """);
        StateDirectory.Write(state.Config, File.ReadAllText(state.Config).Replace("\"0600\"", "\"0660\"", StringComparison.Ordinal));
        AsUser.Admit(state);
        _daemon = await Daemon.StartAsync(state, ownsState: true);
        _token = New("unix:0");
    }

    [ClassCleanup]
    public static async Task StopAsync() => await _daemon.DisposeAsync();

    [TestMethod]
    public async Task Rest()
    {
        using HttpConnection connection = _daemon.Connect();
        HttpAnswer missing = Ask(connection);
        Assert.AreEqual((401, "a bearer token is needed", "Bearer"), (missing.Status, missing.Error, missing.Headers["WWW-Authenticate"]));
        for (int i = 0; i < 3; i++)
        {
            Assert.AreEqual(200, Ask(connection, $"Authorization: Bearer {_token}").Status);
        }

        // Being remembered is not being let in: the next request shows nothing.
        Assert.AreEqual(401, Ask(connection).Status);
        HttpAnswer wrong = Ask(connection, $"Authorization: Bearer {_token[..^1]}");
        Assert.AreEqual((401, "the bearer token is not valid", "Bearer error=\"invalid_token\""), (wrong.Status, wrong.Error, wrong.Headers["WWW-Authenticate"]));
        Assert.AreEqual(401, Ask(connection, $"Authorization: Bearer {_token}", $"Authorization: Bearer {_token}").Status);
        Assert.AreEqual(401, Ask(connection, $"Authorization: Bearer {New("unix:0", "other")}").Status);
        Assert.AreEqual(401, Ask(connection, $"X-Authorization: Bearer {_token}", $"Proxy-Authorization: Bearer {_token}").Status);
        Assert.AreEqual(401, connection.Get($"/v2/models/digits?access_token={_token}").Status);
        Assert.AreEqual(200, connection.Get("/v2/health/ready").Status);
        await Waiting.UntilAsync(() => _daemon.Errors.Contains("AccessTokenInvalid: token: AudienceOther: meant for \"other\"", StringComparison.Ordinal));
        await Waiting.UntilAsync(() => _daemon.Errors.Contains("AccessTokenInvalid: token: 2 authorization headers", StringComparison.Ordinal));
        Assert.DoesNotContain(_token.Split('.')[2][..20], _daemon.Errors);
    }

    [TestMethod]
    public void Grpc()
    {
        using var connection = new Http2Connection(_daemon.State.InferenceSocket);
        byte[] message = GrpcMessage.Frame(GrpcMessage.Digits(1));
        foreach (string call in (string[])[GrpcMessage.Infer, GrpcMessage.Stream])
        {
            Http2Answer missing = connection.Ask(Http2Connection.Call(call), message);
            Assert.AreEqual("16", missing.Status, missing.Message);
            StringAssert.StartsWith(missing.Message, "a bearer token is needed");
            Assert.AreEqual("16", connection.Ask(Http2Connection.Call(call, ("authorization", $"Bearer {_token}A")), message).Status);
            Http2Answer good = connection.Ask(Http2Connection.Call(call, ("authorization", $"Bearer {_token}")), message);
            Assert.AreEqual("0", good.Status, good.Message);
        }
    }

    [TestMethod]
    public async Task Another_users_token_is_of_no_use()
    {
        string own = New($"unix:{User}");
        AsUser.Run(User, () =>
        {
            using HttpConnection connection = _daemon.Connect();
            Assert.AreEqual(401, Ask(connection, $"Authorization: Bearer {_token}").Status);
            Assert.AreEqual(200, Ask(connection, $"Authorization: Bearer {own}").Status, "the control: its own");
        });
        await Waiting.UntilAsync(() => _daemon.Errors.Contains("of unix:5001 refused: AccessTokenInvalid: token: SubjectOther: speaks for \"unix:0\"", StringComparison.Ordinal));
    }

    /// <summary>Put together by hand, each wrong in the one thing that its row says; the log has it by its name. Asked over both wires.</summary>
    [TestMethod]
    [DataRow("", "", "", "", DisplayName = "the control: a good one")]
    [DataRow("", "\"device\"", "[\"other\",\"device\"]", "", DisplayName = "the control: for several audiences")]
    [DataRow("", "\"aud\"", "\"x\":\"FILL\",\"aud\"", "", DisplayName = "the control: as long as one may be")]
    [DataRow("\"ES256\"", "none", "", "AlgorithmRefused")]
    [DataRow("\"ES256\"", "HS256", "", "AlgorithmRefused", DisplayName = "keyed with the public key as the secret")]
    [DataRow("\"ES256\"", "ES384", "", "AlgorithmRefused")]
    [DataRow("signed", "P-384", "", "SignatureLength", DisplayName = "ES256 by a key on another curve")]
    [DataRow("signed", "DER", "", "SignatureLength")]
    [DataRow("signed", "stranger", "", "SignatureInvalid", DisplayName = "of another key under this one's id")]
    [DataRow("\"kid\":\"ops\"", "\"kid\":\"other\"", "", "KeyUnknown")]
    [DataRow("\"kid\":\"ops\"", "\"kid\":\"../ops\"", "", "KeyUnknown")]
    [DataRow(",\"kid\":\"ops\"", "", "", "KeyIdMissing")]
    [DataRow("{\"alg\"", "{\"jku\":\"https://attacker.example/keys\",\"alg\"", "", "HeaderUnexpected")]
    [DataRow("{\"alg\"", "{\"crit\":[\"exp\"],\"alg\"", "", "HeaderUnexpected")]
    [DataRow("{\"alg\"", "{\"alg\":\"none\",\"alg\"", "", "DuplicateMember")]
    [DataRow("", "\"device\"", "\"other\"", "AudienceOther")]
    [DataRow("", "\"device\"", "[\"other\"]", "AudienceOther")]
    [DataRow("", "\"device\"", "[]", "ClaimWrongType")]
    [DataRow("", "unix:0", "unix:5001", "SubjectOther")]
    [DataRow("", "\"sub\"", "\"sub\":\"unix:5001\",\"sub\"", "DuplicateMember")]
    [DataRow("", "IAT,\"exp\":EXP", "IAT-700,\"exp\":IAT-100", "Expired")]
    [DataRow("", "IAT,\"exp\":EXP", "IAT+100,\"exp\":IAT+700", "NotYetValid", DisplayName = "issued in the future")]
    [DataRow("", "\"exp\"", "\"nbf\":IAT+100,\"exp\"", "NotYetValid", DisplayName = "not before later")]
    [DataRow("", "EXP", "IAT+3601", "LifeTooLong")]
    [DataRow("", ",\"exp\":EXP", "", "ClaimMissing")]
    [DataRow("", "EXP", "\"EXP\"", "ClaimWrongType")]
    [DataRow("", "\"aud\"", "\"x\":\"LONG\",\"aud\"", "TooLong")]
    public async Task A_token_that_is_wrong_in_one_thing_opens_nothing(string inHeader, string from, string to, string fault)
    {
        string header = """{"alg":"ES256","kid":"ops","typ":"JWT"}""";
        string claims = """{"sub":"unix:0","aud":"device","iat":IAT,"exp":EXP}""";
        using var own = ECDsa.Create();
        own.ImportFromPem(File.ReadAllText(_daemon.State.At("ops")));
        Func<byte[], byte[]> sign = signed => own.SignData(signed, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        switch (inHeader)
        {
            case "":
                claims = from.Length > 0 ? claims.Replace(from, to, StringComparison.Ordinal) : claims;
                break;
            case "signed":
                using (ECDsa other = ECDsa.Create(from == "P-384" ? ECCurve.NamedCurves.nistP384 : ECCurve.NamedCurves.nistP256))
                {
                    string made = Made(other, from);
                    await JudgeAsync(made, fault);
                    return;
                }

            case "\"ES256\"":
                header = header.Replace(inHeader, $"\"{from}\"", StringComparison.Ordinal);
                sign = from switch
                {
                    "none" => _ => [],
                    "HS256" => signed => HMACSHA256.HashData(File.ReadAllBytes(_daemon.State.At("ops.pub")), signed),
                    _ => sign,
                };
                break;
            default:
                header = header.Replace(inHeader, from, StringComparison.Ordinal);
                break;
        }

        string token = MadeToken.Join(header, Timed(claims), sign);
        if (claims.Contains("FILL", StringComparison.Ordinal))
        {
            for (int more = 5800; token.Length < 8190; more++) // Base64 grows by one or two letters for each.
            {
                token = MadeToken.Join(header, Timed(claims.Replace("FILL", new string('x', more), StringComparison.Ordinal)), sign);
            }
        }

        Assert.AreEqual(fault == "TooLong", token.Length > 8192);
        await JudgeAsync(token, fault);

        string Made(ECDsa other, string how) => MadeToken.Join(header, Timed(claims), signed => how == "DER"
            ? own.SignData(signed, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)
            : other.SignData(signed, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
    }

    // Sums are worked out: JSON has none.
    private static string Timed(string claims)
    {
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var text = new StringBuilder(claims).Replace("LONG", new string('x', 9000)).Replace("EXP", $"{now + 600}");
        foreach (int shift in (int[])[-700, -100, 100, 700, 3601])
        {
            text.Replace(string.Create(CultureInfo.InvariantCulture, $"IAT{shift:+0;-0}"), $"{now + shift}");
        }

        return text.Replace("IAT", $"{now}").ToString();
    }

    private static async Task JudgeAsync(string token, string fault)
    {
        using HttpConnection rest = _daemon.Connect();
        HttpAnswer answer = Ask(rest, $"Authorization: Bearer {token}");
        using var grpc = new Http2Connection(_daemon.State.InferenceSocket);
        Http2Answer called = grpc.Ask(Http2Connection.Call(GrpcMessage.Infer, ("authorization", $"Bearer {token}")), GrpcMessage.Frame(GrpcMessage.Digits(1)));
        if (fault.Length == 0)
        {
            Assert.AreEqual((200, "0"), (answer.Status, called.Status));
            return;
        }

        Assert.AreEqual((401, "the bearer token is not valid", "16"), (answer.Status, answer.Error, called.Status));
        foreach (string told in (string[])[answer.Text, called.Message])
        {
            await Waiting.UntilAsync(() => _daemon.Errors.Contains($"{Id().Match(told).Groups[1].Value} of unix:0 refused: AccessTokenInvalid: token: {fault}", StringComparison.Ordinal));
        }

        Assert.DoesNotContain(token.Split('.')[1], _daemon.Errors);
    }

    /// <summary>The key is exchanged under its id while a connection is open on which the old one's token was found good; the control is a reload that leaves it.</summary>
    [TestMethod]
    public async Task A_key_that_a_reload_takes_back_opens_nothing_from_then_on()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        Command.Edgectl("keygen", "--out", state.At("first")).Succeeded();
        Command.Edgectl("keygen", "--out", state.At("second")).Succeeded();
        Write("first");
        await using Daemon daemon = await Daemon.StartAsync(state);
        using HttpConnection open = daemon.Connect();
        string old = Token("first"), next = Token("second");
        Assert.AreEqual((200, 401), (Status(old), Status(next)));
        await daemon.ReloadAsync();
        Assert.AreEqual((200, 401), (Status(old), Status(next)));
        Write("second");
        Assert.AreEqual((200, 401), (Status(old), Status(next)), "nothing counts before it is read");
        await daemon.ReloadAsync();
        Assert.AreEqual((401, 200), (Status(old), Status(next)));

        void Write(string key) => state.Configure($"""
            {AsUser.Tenant("root", 0, "\"infer\"", "\"*\"")}
            [token]
            audience = "device"
            required_for = ["infer"]
            [[token_key]]
            id = "ops"
            file = "{state.At(key + ".pub")}"
            """);

        string Token(string key) => Command.Edgectl("token", "new", "--key", state.At(key), "--id", "ops", "--subject", "unix:0", "--audience", "device").Succeeded().Output.Trim();

        int Status(string token) => open.Ask(HttpConnection.Request("GET", "/v2/models/bench-mlp", default, $"Authorization: Bearer {token}")).Status;
    }

    [TestMethod]
    public void Edgectl_shows_it()
    {
        string file = _daemon.State.At("token");
        File.WriteAllText(file, _token);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        string[] ask = ["infer", "digits", "--socket", _daemon.State.InferenceSocket, "--image", Path.Combine(Installation.Models, "digits", "heldout.pgm")];
        Command without = Command.Edgectl(ask);
        Assert.AreEqual(1, without.ExitCode);
        StringAssert.Contains(without.Errors, "a bearer token is needed");
        Command.Edgectl([.. ask, "--token", file]).Succeeded();
    }

    [TestMethod]
    [DataRow("callers = [\"unix:0\"]", "callers = [\"unix:no-such-user\"]", "[[tenant]] 'root': \"unix:no-such-user\": there is no user 'no-such-user' in /etc/passwd")]
    [DataRow("callers = [\"unix:0\"]", "callers = [\"unix-group:no-such-group\"]", "[[tenant]] 'root': \"unix-group:no-such-group\": there is no group 'no-such-group' in /etc/group")]
    [DataRow("callers = [\"unix:0\"]", "callers = [\"unix:nobody\"]", "\"unix:nobody\": is number 65534")]
    [DataRow("callers = [\"unix:5001\"]", "callers = [\"unix:root\"]", "[[tenant]] 'user': \"unix:root\": is user 0, who belongs to tenant 'root' already")]
    [DataRow("ops.pub", "absent.pub", "[[token_key]] 'ops': ")]
    [DataRow("ops.pub", "ops", "the PEM block is 'PRIVATE KEY', not 'PUBLIC KEY'")]
    [DataRow("ops.pub", "p384.pub", "the key is on P-384; ES256 needs P-256")]
    [DataRow("ops.pub", "exposed.pub", "others than its owner may write it")]
    public void What_is_not_there_refuses_the_check_and_the_start(string right, string wrong, string message)
    {
        StateDirectory state = _daemon.State;
        string config = state.At($"{Guid.NewGuid():N}.toml");
        string text = File.ReadAllText(state.Config);
        StateDirectory.Write(config, text);
        Command.Edged("check", "--config", config).Succeeded();
        // The daemon of these tests writes its audit log already.
        text = text.Replace("[audit]", "[audit]\nenabled = false", StringComparison.Ordinal);
        StateDirectory.Write(config, text.Replace(right, wrong, StringComparison.Ordinal));
        foreach (string verb in (string[])["check", "run"])
        {
            Command refused = Command.Edged(verb, "--config", config);
            Assert.AreEqual(1, refused.ExitCode, verb);
            StringAssert.Contains(refused.Errors, message, verb);
            string entry = right.Contains("callers", StringComparison.Ordinal) ? "callers = " : "file = ";
            string[] lines = File.ReadAllLines(config);
            int line = Array.FindIndex(lines, each => each.StartsWith(entry, StringComparison.Ordinal) && each.Contains(wrong.Split('=')[^1].Trim(), StringComparison.Ordinal));
            StringAssert.Contains(refused.Errors, $"{config}:{line + 1}:{entry.Length + 1}: ", verb);
        }
    }

    [GeneratedRegex(@"\((request [0-9a-f]+-[0-9a-f]+)\)")]
    private static partial Regex Id();

    private static string New(string subject, string audience = "device") => Command.Edgectl(
        "token", "new", "--key", _daemon.State.At("ops"), "--id", "ops", "--subject", subject, "--audience", audience).Succeeded().Output.Trim();

    private static HttpAnswer Ask(HttpConnection connection, params string[] headers) => connection.Ask(HttpConnection.Request("GET", "/v2/models/digits", default, headers));
}
