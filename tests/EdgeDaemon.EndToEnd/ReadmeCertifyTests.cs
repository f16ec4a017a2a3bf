namespace EdgeDaemon.EndToEnd;

/// <summary>
/// README's "Certified answers", word for word, but that of the data set a few images are certified: in a folder that looks as the repository's root does while <c>./build.sh run</c> serves.
/// </summary>
[TestClass]
public sealed class ReadmeCertifyTests
{
    [TestMethod]
    [Timeout(300_000)]
    public async Task Commands_WorkAsTheyStand()
    {
        string page = File.ReadAllText(Path.Combine(Installation.Root, "README.md"));
        string prepare = Blocks(page, "Ask it from …")[0].Split('\n', 2)[1];
        string[] blocks = Blocks(page, "Certified answers");
        Assert.HasCount(3, blocks);
        await using Daemon daemon = await Daemon.StartAsync("", "digits/digits-s25", "digits/digits-s50");
        string root = Root(daemon.State);
        Shell(prepare);
        string answer = Shell(blocks[0]);
        StringAssert.Contains(answer, "\"class\":\"[3]\"", StringComparison.Ordinal);
        StringAssert.Contains(answer, "\"stopped\":\"[\\\"", StringComparison.Ordinal);

        // The page's own words for all of it, and as many series as the picture has.
        string report = Shell(blocks[1].Replace("edgectl certify ", "edgectl certify --limit 3 --jobs 1 ", StringComparison.Ordinal));
        foreach (string series in (string[])["digits@0.25", "digits-a@0.25", "digits-b@0.25", "digits-c@0.25", "digits-s50@0.5", "digits-s50-a@0.5", "digits-s50-b@0.5", "digits-s50-c@0.5"])
        {
            StringAssert.Contains(report, series, StringComparison.Ordinal);
        }

        Assert.HasCount(1 + (8 * 3), File.ReadAllLines(Path.Combine(root, "artifacts", "report", "results.csv")));
        StringAssert.StartsWith(File.ReadAllText(Path.Combine(root, "artifacts", "report", "report.svg")), "<svg", StringComparison.Ordinal);

        string verified = Shell(blocks[2]);
        StringAssert.Contains(verified, "true ", StringComparison.Ordinal);
        StringAssert.Contains(verified, "\"path\": true", StringComparison.Ordinal);

        string Shell(string commands) => Command.Run("/bin/bash", "-eu", "-o", "pipefail", "-c", $"""
            cd '{root}'
            export EDGED_SOCKET='{daemon.State.InferenceSocket}'
            {commands}
            """).Succeeded().Output;
    }

    private static string[] Blocks(string page, string title) =>
        [.. page.Split($"\n## {title}\n")[1].Split("\n## ")[0].Split("\n```\n").Where((_, i) => i % 2 == 1)];

    private static string Root(StateDirectory state)
    {
        string root = state.At("root"), development = Path.Combine(root, "artifacts", "dev");
        Directory.CreateDirectory(development);
        foreach ((string name, string target) in ((string, string)[])
        [
            ("tests", Path.Combine(Installation.Root, "tests")),
            ("artifacts/bin", Path.GetDirectoryName(Installation.Edgectl)!),
            ("artifacts/runtime", Path.GetDirectoryName(Installation.Library)!),
            ("artifacts/dev/models", state.At("models")),
            ("artifacts/dev/control.sock", state.ControlSocket),
        ])
        {
            File.CreateSymbolicLink(Path.Combine(root, name), target);
        }

        File.Copy(state.Key, Path.Combine(development, "release.key")); // A key's link is not followed.
        return root;
    }
}
