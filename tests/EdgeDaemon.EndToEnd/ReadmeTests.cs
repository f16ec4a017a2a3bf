namespace EdgeDaemon.EndToEnd;

/// <summary>README's passages on authorities, on the network and on operating, word for word in a shell.</summary>
[TestClass]
public sealed class ReadmeTests
{
    [TestMethod]
    public void CommandsForAnAuthority_WorkAsTheyStand()
    {
        string readme = File.ReadAllText(Path.Combine(Installation.Root, "README.md"));
        string passage = readme[readme.IndexOf("\n## A certificate authority\n", StringComparison.Ordinal)..];
        string commands = passage.Split("\n```\n")[1];
        StringAssert.StartsWith(commands, "edgectl pki init ", StringComparison.Ordinal);
        string folder = Directory.CreateTempSubdirectory("readme-").FullName;
        try
        {
            Command run = Command.Run("/bin/bash", "-euxc", $"""
                cd '{folder}'
                export PATH='{Path.GetDirectoryName(Installation.Edgectl)}':"$PATH"
                (umask 077 && echo 'a long passphrase of your own' > passphrase)
                {commands}
                """).Succeeded();
            StringAssert.Contains(run.Output, "good       model, 1 files", StringComparison.Ordinal);
            StringAssert.Contains(run.Output, "(key-compromise)", StringComparison.Ordinal);

            // What the passage says of the second list, with the first beside it.
            string[] verify = ["oms", "verify", "--method", "certificate", "--model-path", At("model"), "--bundle", At("model.sig"), "--cert-chain", At("ca/root.pem"), "--crl"];
            Command.Edgectl([.. verify, At("ca.crl")]).Succeeded();
            Command refused = Command.Edgectl([.. verify, At("ca-2.crl")]);
            Assert.AreEqual(1, refused.ExitCode);
            StringAssert.Contains(refused.Errors, "is revoked", StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        string At(string name) => Path.Combine(folder, name);
    }

    [TestMethod]
    public async Task CommandsForTheNetwork_WorkAsTheyStand()
    {
        string readme = File.ReadAllText(Path.Combine(Installation.Root, "README.md"));
        string[] passage = readme[readme.IndexOf("\n## Over the network\n", StringComparison.Ordinal)..].Split("\n```\n");
        using StateDirectory state = StateDirectory.Create("", "digits/digits-s25");
        Command run = Shell(state, passage[1]);
        StringAssert.Contains(run.Output, "edged.toml: good", StringComparison.Ordinal);
        await using Daemon daemon = await Daemon.StartAsync(state);
        bool python = Command.Run("/usr/bin/env", "bash", "-c", "/usr/bin/python3 -c 'import grpc'").ExitCode == 0;
        string asked = Shell(state, python ? passage[3] : passage[3].Split("/usr/bin/python3")[0]).Output;
        StringAssert.Contains(asked, "\"name\":\"digits\"", StringComparison.Ordinal);
        StringAssert.Contains(asked, "\"model_name\":\"digits\"", StringComparison.Ordinal);
        if (python)
        {
            StringAssert.Contains(asked, "b'\\x08\\x01'", StringComparison.Ordinal);
        }
    }

    [TestMethod]
    public async Task CommandsForOperating_WorkAsTheyStand()
    {
        string readme = File.ReadAllText(Path.Combine(Installation.Root, "README.md"));
        string commands = readme[readme.IndexOf("\n## Operating it\n", StringComparison.Ordinal)..].Split("\n```\n")[1];
        await using Daemon daemon = await Daemon.StartAsync("", "bench/bench-mlp");
        using (HttpConnection connection = daemon.Connect())
        {
            Assert.AreEqual(200, connection.Ask(Releases.Question()).Status);
        }

        Command run = Command.Run("/bin/bash", "-eux", "-o", "pipefail", "-c", $"""
            export PATH='{Path.GetDirectoryName(Installation.Edgectl)}':"$PATH" EDGED_CONTROL='{daemon.State.ControlSocket}'
            {commands}
            """).Succeeded();
        foreach (string shown in (string[])["1 ready, 0 refused", "good: a reload would apply it", "applied: 1 models serve", "nobody is left outside",
            "edged_requests_total{tenant=\"local\",model=\"bench-mlp\",outcome=\"ok\"} 1", "draining, 0 requests", "serving\n", "edged_uptime_seconds "])
        {
            StringAssert.Contains(run.Output, shown, StringComparison.Ordinal);
        }

        using HttpConnection again = daemon.Connect();
        Assert.AreEqual(200, again.Ask(Releases.Question()).Status);
    }

    [TestMethod]
    public async Task CommandsForTheAuditLog_WorkAsTheyStand()
    {
        string readme = File.ReadAllText(Path.Combine(Installation.Root, "README.md"));
        string commands = readme[readme.IndexOf("\n## The audit log\n", StringComparison.Ordinal)..].Split("\n```\n")[1];
        using StateDirectory state = StateDirectory.Create("[audit]\nsegment_bytes = 1048576\ncheckpoint_seconds = 1", "bench/bench-mlp");
        await using Daemon daemon = await Daemon.StartAsync(state);
        using (HttpConnection connection = daemon.Connect())
        {
            Assert.AreEqual(200, connection.Ask(Releases.Question()).Status);
        }

        // What was asked is sealed within a second or two; the page's reader comes later than that.
        using (HttpConnection control = daemon.ConnectControl())
        {
            await Waiting.UntilAsync(() => control.Get("/control/audit").Json.GetProperty("checkpoint").GetProperty("size").GetInt64() > 4);
        }

        string folder = Directory.CreateDirectory(state.At("auditor")).FullName;
        Command run = Command.Run("/bin/bash", "-eux", "-o", "pipefail", "-c", $"""
            cd '{folder}'
            export PATH='{Path.GetDirectoryName(Installation.Edgectl)}':"$PATH" EDGED_AUDIT='{state.Audit}' EDGED_CONTROL='{daemon.State.ControlSocket}'
            {commands}
            """).Succeeded();
        foreach (string shown in (string[])["good, and consistent with the checkpoint of ", "not proven   that nothing was cut off behind record ", "bench-mlp", "good: record 1 of ", "state        running"])
        {
            StringAssert.Contains(run.Output, shown, StringComparison.Ordinal);
        }

        StringAssert.Contains(File.ReadAllText(Path.Combine(folder, "records.jsonl")), "\"kind\":\"request\"", StringComparison.Ordinal);
    }

    private static Command Shell(StateDirectory state, string commands) => Command.Run("/bin/bash", "-euc", $"""
        cd '{state.Root}'
        export PATH='{Path.GetDirectoryName(Installation.Edgectl)}':"$PATH"
        {commands}
        """).Succeeded();
}
