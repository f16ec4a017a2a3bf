namespace EdgeDaemon.EndToEnd;

/// <summary>Bearer tokens on the real wires, and what edged.toml names that is not there: accounts, keys. The rules of tokens have unit tests.</summary>
[TestClass]
public sealed class SecondFactorTests
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

    private static string New(string subject, string audience = "device") => Command.Edgectl(
        "token", "new", "--key", _daemon.State.At("ops"), "--id", "ops", "--subject", subject, "--audience", audience).Succeeded().Output.Trim();

    private static HttpAnswer Ask(HttpConnection connection, params string[] headers) => connection.Ask(HttpConnection.Request("GET", "/v2/models/digits", default, headers));
}
