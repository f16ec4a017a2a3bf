using System.Text;
using EdgeDaemon.Core.Bundles.Onnx;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Tests.Configuration;

[TestClass]
public sealed class EdgedSettingsTests
{
    [TestMethod]
    public void Nothing_but_the_format_gives_the_defaults()
    {
        EdgedSettings settings = Parse("format = 1");
        Assert.AreEqual("/var/lib/edged", settings.StateDirectory);
        Assert.AreEqual("/etc/edged/trust.toml", settings.TrustFile);
        Assert.AreEqual(new RuntimeSettings("/usr/lib/edged/libonnxruntime.so.1", null), settings.Runtime);
        Assert.AreEqual(new EngineSettings(0, 0, 64, TimeSpan.FromSeconds(5), 4096, TimeSpan.FromSeconds(1)), settings.Engine);
        Assert.AreEqual(new BundleSettings(2147483648, 1024, FindingSeverity.Danger), settings.Bundles);
        Assert.AreEqual(new ProbeSettings(ProbePolicy.New, 4L << 30, 60), settings.Probe);
        Assert.AreEqual(new LogSettings(LogVerbosity.Information), settings.Log);
        LimitSettings limits = settings.Limits;
        Assert.AreEqual(
            (1024, 67108864L, 1048576, 32, 64, 1024, 268435456L, 268435456L),
            (limits.MaxConnections, limits.MaxBodyBytes, limits.MaxHeadBytes, limits.MaxJsonDepth, limits.MaxTensors,
                limits.MinBodyBytesPerSecond, limits.MaxTensorBytes, limits.MaxResponseBytes));
        Assert.AreEqual(
            (TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2)),
            (limits.HeadTimeout, limits.BodyTimeout, limits.IdleTimeout));
        Assert.AreEqual("local /run/edged/edged.sock 384 Inference; control /run/edged/control.sock 384 Control", Text(settings));
    }

    [TestMethod]
    public void Empty_sections_change_nothing() =>
        Assert.AreEqual(Parse("format = 1").Limits, Parse("format = 1\n[runtime]\n[limits]\n[engine]\n[bundles]\n[log]").Limits);

    [TestMethod]
    public void Every_value_can_be_set()
    {
        EdgedSettings settings = Parse(
            $"""
            format = 1
            state_dir = "/s"
            trust = "/t"
            runtime = {"{"} library = "/l", sha256 = "{new string('a', 64)}" {"}"}
            engine = {"{"} lanes = 64, intra_op_threads = 256, queue = 0, stuck_after_seconds = 3600, max_batch = 8, max_batch_delay_us = 2000 {"}"}
            bundles = {"{"} max_bytes = 1024, max_files = 100000 {"}"}
            probe = {"{"} run = "always", max_memory_bytes = 67108864, timeout_seconds = 3600 {"}"}
            log.level = "debug"
            [limits]
            max_connections = 1
            max_body_bytes = 1024
            max_head_bytes = 1025
            max_json_depth = 8
            max_tensors = 2
            head_timeout_seconds = 1
            body_timeout_seconds = 2
            idle_timeout_seconds = 3600
            min_body_bytes_per_second = 3
            max_tensor_bytes = 1048576
            max_response_bytes = 1026
            [[listen]]
            name = "a-B_9"
            unix = "/a"
            mode = "660"
            exposes = ["inference"]
            [[listen]]
            name = "b"
            unix = "/b"
            exposes = ["control", "inference"]
            """);
        Assert.AreEqual(("/s", "/t"), (settings.StateDirectory, settings.TrustFile));
        Assert.AreEqual(new RuntimeSettings("/l", new string('a', 64)), settings.Runtime);
        Assert.AreEqual(new EngineSettings(64, 256, 0, TimeSpan.FromSeconds(3600), 8, TimeSpan.FromMilliseconds(2)), settings.Engine);
        Assert.AreEqual(new BundleSettings(1024, 100_000, FindingSeverity.Danger), settings.Bundles);
        Assert.AreEqual(new ProbeSettings(ProbePolicy.Always, 64L << 20, 3600), settings.Probe);
        Assert.AreEqual(LogVerbosity.Debug, settings.Log.Level);
        LimitSettings limits = settings.Limits;
        Assert.AreEqual(
            (1, 1024L, 1025, 8, 2, 3, 1048576L, 1026L),
            (limits.MaxConnections, limits.MaxBodyBytes, limits.MaxHeadBytes, limits.MaxJsonDepth, limits.MaxTensors,
                limits.MinBodyBytesPerSecond, limits.MaxTensorBytes, limits.MaxResponseBytes));
        Assert.AreEqual((1d, 2d, 3600d), (limits.HeadTimeout.TotalSeconds, limits.BodyTimeout.TotalSeconds, limits.IdleTimeout.TotalSeconds));
        Assert.AreEqual("a-B_9 /a 432 Inference; b /b 384 Control,Inference", Text(settings));
    }

    [TestMethod]
    [DataRow("state_dir = 'var'", "2:13", "'state_dir' must be an absolute path (starting with '/')")]
    [DataRow("state_dir = ''", "2:13", "'state_dir' must be an absolute path (starting with '/')")]
    [DataRow("trust = 'trust.toml'", "2:9", "'trust' must be an absolute path (starting with '/')")]
    [DataRow("trust = \"/a\\u0000b\"", "2:9", "'trust' must not hold a control character")]
    [DataRow("trust = 7", "2:9", "'trust' must be a string, not an integer")]
    [DataRow("runtime.library = 'lib.so'", "2:19", "'runtime.library' must be an absolute path (starting with '/')")]
    [DataRow("runtime.sha256 = 'ab'", "2:18", "'runtime.sha256' must be the 64 hex digits that sha256sum prints for the library")]
    [DataRow("runtime.sha256 = 'gggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggg'", "2:18", "'runtime.sha256' must be the 64 hex digits that sha256sum prints for the library")]
    [DataRow("runtime = '/lib.so'", "2:11", "'runtime' must be a table, not a string")]
    [DataRow("log.level = 'Info'", "2:13", "'log.level' must be one of \"error\", \"warning\", \"info\", \"debug\", not 'Info'; did you mean 'info'?")]
    [DataRow("limits.max_tensor_bytes = 1048576", "2:27", "'limits.max_tensor_bytes' is 1048576, less than max_body_bytes 67108864: a body of that size could never be held")]
    [DataRow("limits.max_conections = 5", "2:8", "unknown key 'max_conections' in [limits]; did you mean 'max_connections'?")]
    [DataRow("[limit]", "2:2", "unknown key 'limit' in the file; did you mean 'limits'?")]
    [DataRow("listen = []", "2:10", "'listen' is empty: a daemon without a listener serves nobody")]
    [DataRow("listen = 'local'", "2:10", "'listen' must be an array, each element a table, not a string")]
    public void Each_wrong_value_is_refused_where_it_stands(string line, string place, string message) =>
        Assert.AreEqual($"edged.toml:{place}: {message}", Errors($"format = 1\n{line}").Single());

    [TestMethod]
    [DataRow("limits.max_connections", 1, 1_000_000)]
    [DataRow("limits.max_body_bytes", 1024, int.MaxValue)]
    [DataRow("limits.max_head_bytes", 1024, int.MaxValue)]
    [DataRow("limits.max_json_depth", 8, 64)]
    [DataRow("limits.max_tensors", 1, 1024)]
    [DataRow("limits.head_timeout_seconds", 1, 3600)]
    [DataRow("limits.body_timeout_seconds", 1, 3600)]
    [DataRow("limits.idle_timeout_seconds", 1, 3600)]
    [DataRow("limits.min_body_bytes_per_second", 1, 1 << 30)]
    [DataRow("limits.max_tensor_bytes", 67108864, 1L << 40)]
    [DataRow("limits.max_response_bytes", 1024, int.MaxValue)]
    [DataRow("engine.lanes", 0, 64)]
    [DataRow("engine.intra_op_threads", 0, 256)]
    [DataRow("engine.stuck_after_seconds", 1, 3600)]
    [DataRow("engine.queue", 0, 100_000)]
    [DataRow("engine.max_batch", 1, 4096)]
    [DataRow("engine.max_batch_delay_us", 0, 1_000_000)]
    [DataRow("bundles.max_bytes", 1024, 1L << 40)]
    [DataRow("bundles.max_files", 1, 100_000)]
    public void Both_ends_of_every_range_are_inside_it_and_their_neighbours_are_not(string key, long min, long max)
    {
        // A body must fit into the tensor memory: that rule has its own test.
        string room = key == "limits.max_body_bytes" ? "\nlimits.max_tensor_bytes = 1099511627776" : "";
        Parse($"format = 1\n{key} = {min}{room}");
        Parse($"format = 1\n{key} = {max}{room}");
        foreach (long outside in (long[])[min - 1, max + 1])
        {
            string[] errors = Errors($"format = 1\n{key} = {outside}{room}");
            StringAssert.StartsWith(errors[0], $"edged.toml:2:{key.Length + 4}: '{key}' ", StringComparison.Ordinal);
        }
    }

    [TestMethod]
    [DataRow("name", "''", "must be letters, digits, '-' and '_'")]
    [DataRow("name", "'a b'", "must be letters, digits, '-' and '_'")]
    [DataRow("unix", "'a'", "must be an absolute path (starting with '/')")]
    [DataRow("unix", "'/a/'", "names a directory, not a socket")]
    [DataRow("mode", "'0666'", "\"0666\" opens the socket to every user of the device; use a group (\"0660\")")]
    [DataRow("mode", "'0601'", "\"0601\" opens the socket to every user of the device; use a group (\"0660\")")]
    [DataRow("mode", "'1600'", "has bits beyond read, write and execute")]
    [DataRow("mode", "'rw'", "must be an octal mode in quotes, like \"0660\"")]
    [DataRow("mode", "'0680'", "must be an octal mode in quotes, like \"0660\"")]
    [DataRow("mode", "'00600'", "has 5 characters, more than the 4 allowed")]
    [DataRow("mode", "0x180", "must be a string, not an integer")]
    [DataRow("exposes", "[]", "must not be empty")]
    [DataRow("exposes", "['control', 'control']", "names the same thing twice")]
    public void Each_wrong_value_of_a_listener_is_refused_where_it_stands(string key, string value, string message)
    {
        var values = new Dictionary<string, string> { ["name"] = "'a'", ["unix"] = "'/a'", ["mode"] = "'0600'", ["exposes"] = "['inference']" };
        Assert.AreEqual(0, Errors(File(values)).Length, "the control");
        values[key] = value;
        int line = 3 + values.Keys.ToList().IndexOf(key);
        Assert.AreEqual($"edged.toml:{line}:{key.Length + 4}: 'listen.{key}' {message}", Errors(File(values)).Single());

        static string File(Dictionary<string, string> values) =>
            $"format = 1\n[[listen]]\n{string.Join('\n', values.Select(pair => $"{pair.Key} = {pair.Value}"))}";
    }

    [TestMethod]
    [DataRow("limits.max_connections = 2", "", "edged.toml:2:26: 'limits.max_connections' is 2 and keeps no connection for each of 3 tenants; raise it")]
    [DataRow("limits.max_connections = 3", "", null)]
    [DataRow("limits.max_connections = 3", Tls, "edged.toml:2:26: 'limits.max_connections' is 3, 1 of them kept for callers on their way through TLS, and keeps no connection for each of 3 tenants; raise it")]
    [DataRow("limits.max_connections = 4", Tls, null)]
    [DataRow("engine.queue = 2", "", "edged.toml:2:16: 'engine.queue' is 2 and keeps no place for each of 3 tenants who may ask the same model; raise it to 3 or more")]
    [DataRow("engine.queue = 3", "", null)]
    [DataRow("engine.queue = 0", "", null)]
    public void What_is_shared_is_enough_for_one_place_each(string line, string listener, string? error)
    {
        string[] models = ["*", "digits-*", "digits-s25"];
        string text = $"format = 1\n{line}\n{listener}{string.Concat(models.Select((model, i) => Tenant(i, model)))}";
        if (error is null)
        {
            Parse(text);
        }
        else
        {
            Assert.AreEqual(error, Errors(text).Single());
        }
    }

    [TestMethod]
    public void Tenants_who_ask_different_models_need_no_place_beside_each_other() =>
        Parse($"format = 1\nengine.queue = 2\n{Tenant(0, "a*")}{Tenant(1, "b-?")}{Tenant(2, "c")}{Tenant(3, "b-1")}");

    [TestMethod]
    public void Where_the_default_is_too_small_the_tenants_are_pointed_at() => Assert.AreEqual(
        "edged.toml:2:1: 'tenant' are more than [engine] queue has places for: it is 64 and keeps no place for each of 65 tenants who may ask the same model; raise it to 65 or more",
        Errors($"format = 1\n{string.Concat(Enumerable.Range(0, 65).Select(i => Tenant(i, "*")))}").Single());

    private const string Tls = "[[listen]]\nname = \"r\"\ntcp = \"127.0.0.1:1\"\ncertificate = \"/c\"\nkey = \"/k\"\nclient_roots = \"/r\"\nexposes = [\"inference\"]\n";

    private static string Tenant(int index, string models) => $"[[tenant]]\nname = \"t{index}\"\ncallers = [\"unix:{1000 + index}\"]\nroles = [\"infer\"]\nmodels = [\"{models}\"]\n";

    [TestMethod]
    public void A_socket_path_has_at_most_107_bytes()
    {
        Parse(Listener("a", $"/{new string('x', 106)}", "0600", "inference"));
        string error = Errors(Listener("a", $"/{new string('\u00e4', 54)}", "0600", "inference")).Single();
        Assert.AreEqual("edged.toml:4:8: 'listen.unix' has 109 bytes; the path of a socket has at most 107", error);
    }

    [TestMethod]
    public void Listeners_share_neither_name_nor_socket()
    {
        string[] errors = Errors(Listener("a", "/a", "0600", "inference") + Listener("a", "/a", "0600", "inference")[11..]);
        CollectionAssert.AreEqual(
            (string[])
            [
                "edged.toml:8:8: 'listen.name' 'a' is the name of an earlier listener; names are unique",
                "edged.toml:9:8: 'listen.unix' '/a' is the socket of an earlier listener",
            ],
            errors);
    }

    [TestMethod]
    [DataRow("/run//a")]
    [DataRow("/run/./a")]
    [DataRow("/run/x/../a")]
    [DataRow("/run/a/..")]
    [DataRow("/run/a/.")]
    [DataRow("//run/a")]
    public void A_path_has_one_spelling(string path)
    {
        StringAssert.Contains(Errors(Listener("a", path, "0600", "inference")).Single(), "'listen.unix' must be written without '//'", StringComparison.Ordinal);
        Assert.AreEqual(0, Errors(Listener("a", "/run/..a/.b..", "0600", "inference")).Length, "dots in names are names");
    }

    [TestMethod]
    public void A_message_about_a_listener_stays_on_its_line()
    {
        const string Hostile = "[[listen]]\nname = \"a\\nb\"\nunix = \"/a\\n\\u202eb\"\nexposes = ['inference']\n";
        string[] errors = Errors("format = 1\n" + Hostile + Hostile);
        Assert.IsGreaterThanOrEqualTo(4, errors.Length, string.Join('\n', errors));
        Assert.IsFalse(errors.Any(error => error.Any(c => char.IsControl(c) || c == '\u202e')));
    }

    [TestMethod]
    public void A_listener_without_keys_misses_all_and_is_no_double()
    {
        string[] errors = Errors("format = 1\n[[listen]]\n[[listen]]");
        CollectionAssert.AreEqual(
            (string[])
            [
                .. from line in (int[])[2, 3] from what in (string[])["missing key 'name' in [[listen]]", "[[listen]] needs 'unix' (a socket's path) or 'tcp' (an address and port)", "missing key 'exposes' in [[listen]]"]
                   select $"edged.toml:{line}:1: {what}",
            ],
            errors);
    }

    [TestMethod]
    public void Sixteen_listeners_are_allowed()
    {
        string sixteen = string.Concat(Enumerable.Range(0, 16).Select(i => Listener($"n{i}", $"/n{i}", "0600", "inference")[11..]));
        Assert.AreEqual(16, Parse("format = 1\n" + sixteen).Listeners.Length);
        Assert.AreEqual(
            "edged.toml:2:1: 'listen' has 17 elements, more than the 16 allowed",
            Errors("format = 1\n" + sixteen + Listener("x", "/x", "0600", "inference")[11..]).Single());
    }

    [TestMethod]
    public void Everything_wrong_comes_at_once()
    {
        string[] errors = Errors(
            """
            format = 1
            trust = "t"
            [limits]
            max_tensors = 0
            [engine]
            laens = 1
            [log]
            level = "loud"
            [[listen]]
            name = "a"
            """);
        CollectionAssert.AreEqual(
            (string[])["2:9", "4:15", "6:1", "8:9", "9:1", "9:1"], errors.Select(e => string.Join(':', e.Split(':')[1..3])).ToArray());
    }

    [TestMethod]
    public void Another_format_is_the_only_error() =>
        Assert.AreEqual("edged.toml:1:10: this program reads format 1 of this file, and no other", Errors("format = 2\nunknown = 1").Single());

    private static string Listener(string name, string unix, string mode, string exposes) =>
        $"format = 1\n[[listen]]\nname = '{name}'\nunix = '{unix}'\nmode = '{mode}'\nexposes = ['{exposes}']\n";

    private static EdgedSettings Parse(string text) => EdgedSettings.Parse(Encoding.UTF8.GetBytes(text), "edged.toml");

    private static string[] Errors(string text)
    {
        try
        {
            Parse(text);
            return [];
        }
        catch (TomlInvalidException invalid)
        {
            return [.. invalid.Diagnostics.Select(d => d.ToString())];
        }
    }

    private static string Text(EdgedSettings settings) =>
        string.Join("; ", settings.Listeners.Select(l => $"{l.Name} {l.UnixPath} {l.Mode} {string.Join(',', l.Surfaces)}"));
}
