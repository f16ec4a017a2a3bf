namespace EdgeDaemon.EndToEnd;

/// <summary>
/// The examples of README's "Ask it from …": each is taken from the page as it stands and run in the repository's root. The page itself takes the
/// socket's path from EDGED_SOCKET, and that is all that is set for it.
/// </summary>
[TestClass]
public sealed class ReadmeExampleTests
{
    private const string NotRun = "(not run:";

    private static Daemon _daemon = null!;
    private static Dictionary<string, string> _sections = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext _)
    {
        string page = File.ReadAllText(Path.Combine(Installation.Root, "README.md"));
        string[] parts = page.Split("\n## Ask it from …\n")[1].Split("\n## ")[0].Split("\n### ");
        _sections = parts.Skip(1).ToDictionary(part => part.Split('\n')[0]);
        _daemon = await Daemon.StartAsync("", "digits/digits-s25");
        string[] prepare = Block(parts[0]).Split('\n', 2);
        Assert.AreEqual("export EDGED_SOCKET=artifacts/dev/edged.sock", prepare[0]);
        Shell(prepare[1]);

        // The answer that the page promises is the truth about that image.
        byte[] digit = File.ReadAllBytes(Path.Combine(Installation.Root, "artifacts", "digit"));
        int index = Enumerable.Range(0, Digits.Truth.Length).First(at => Digits.Images.AsSpan(at * Digits.Pixels, Digits.Pixels).SequenceEqual(digit));
        Assert.AreEqual(3, Digits.Truth[index]);
        StringAssert.Contains(parts[0], "`3`", StringComparison.Ordinal);
    }

    [ClassCleanup]
    public static async Task StopAsync() => await _daemon.DisposeAsync();

    [TestMethod]
    public void EveryExample_IsRunHere_OrMarkedAsNotRun() => CollectionAssert.AreEquivalent(
        (string[])["curl", "C#", "Python, grpcio", "Node"],
        _sections.Keys.Where(title => !title.Contains(NotRun, StringComparison.Ordinal)).ToArray());

    /// <summary>Whatever stands in a block of the page is run by the test that is named here, or it is built and run by ./build.sh itself.</summary>
    [TestMethod]
    public void EveryBlockOfThePage_HasATest()
    {
        string page = File.ReadAllText(Path.Combine(Installation.Root, "README.md"));
        var found = new List<string>();
        string heading = "";
        bool inside = false;
        foreach (string line in page.Split('\n'))
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                inside = !inside;
                if (inside)
                {
                    found.Add(heading);
                }
            }
            else if (!inside && line.StartsWith('#'))
            {
                heading = line.TrimStart('#', ' ');
            }
        }

        (string Heading, int Blocks, string Test)[] run =
        [
            ("Two commands", 1, "./build.sh demo and run are what they name"),
            ("First requests", 1, nameof(FirstRequests_AsTheyStand)),
            ("Ask it from …", 1, nameof(StartAsync)),
            ("curl", 1, nameof(Curl_AsItStands)),
            ("C#", 1, nameof(CSharp_AsItStands)),
            ("Python, grpcio", 1, nameof(PythonsGrpcio_AsItStands)),
            ("Python, tritonclient (not run: it could not be had here)", 1, "its title says so"),
            ("Node", 1, nameof(Node_AsItStands)),
            ("Certified answers", 3, nameof(ReadmeCertifyTests)),
            ("A certificate authority", 1, nameof(ReadmeTests.CommandsForAnAuthority_WorkAsTheyStand)),
            ("Over the network", 2, nameof(ReadmeTests.CommandsForTheNetwork_WorkAsTheyStand)),
            ("Operating it", 1, nameof(ReadmeTests.CommandsForOperating_WorkAsTheyStand)),
            ("The audit log", 1, nameof(ReadmeTests.CommandsForTheAuditLog_WorkAsTheyStand)),
        ];
        CollectionAssert.AreEqual(run.SelectMany(part => Enumerable.Repeat(part.Heading, part.Blocks)).ToArray(), found);
    }

    /// <summary>From a folder that looks like the repository's root while ./build.sh run runs: its sockets are this test's daemon's.</summary>
    [TestMethod]
    public void FirstRequests_AsTheyStand()
    {
        string scratch = Directory.CreateTempSubdirectory("readme-").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(scratch, "artifacts", "dev"));
            Link("artifacts/bin", Path.GetDirectoryName(Installation.Edgectl)!);
            Link("artifacts/dev/edged.sock", _daemon.State.InferenceSocket);
            Link("artifacts/dev/control.sock", _daemon.State.ControlSocket);
            Link("tests", Path.Combine(Installation.Root, "tests"));
            string page = File.ReadAllText(Path.Combine(Installation.Root, "README.md"));
            string answer = Command.Run("/bin/bash", "-euo", "pipefail", "-c", $"cd '{scratch}'\n{Block(page.Split("\n## First requests\n")[1])}").Succeeded().Output;
            StringAssert.Matches(answer, new(@"(?m)^three\s"));
            StringAssert.Matches(answer, new(@"(?m)^digits-s25\s+digits\s.*\sREADY\s"));
            StringAssert.Contains(answer, "{\"name\":\"digits\"", StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }

        void Link(string name, string target) => File.CreateSymbolicLink(Path.Combine(scratch, name), target);
    }

    [TestMethod]
    public void Curl_AsItStands()
    {
        string answer = Shell(Block(_sections["curl"]));
        StringAssert.Contains(answer, "\"name\":\"logits\"", StringComparison.Ordinal);
        StringAssert.EndsWith(answer, "3\n", StringComparison.Ordinal);
    }

    [TestMethod]
    public void PythonsGrpcio_AsItStands()
    {
        Outside.SkipIf(Outside.MissingPython("grpc, google.protobuf", "python3-grpcio and python3-protobuf") ?? Outside.MissingProgram("protoc", "protobuf-compiler"));
        Assert.AreEqual("3\n", Shell(Block(_sections["Python, grpcio"])));
    }

    [TestMethod]
    public void Node_AsItStands()
    {
        Outside.SkipIf(Outside.MissingProgram("node", "nodejs")
            ?? (Directory.Exists(Path.Combine(Installation.Root, "artifacts", "grpc-js", "node_modules")) ? null : "needs artifacts/grpc-js (./build.sh deps fetches it)"));
        Assert.AreEqual("3\n", Shell(Block(_sections["Node"])));
    }

    [TestMethod]
    public void CSharp_AsItStands()
    {
        string scratch = Directory.CreateTempSubdirectory("readme-").FullName;
        try
        {
            CSharpProgram program = CSharpProgram.Compile(Block(_sections["C#"], "csharp"), scratch);
            Assert.AreEqual("3\n", Shell($"dotnet '{program.Path}'"));
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    /// <summary>The first block of code of a section.</summary>
    private static string Block(string section, string language = "") => section.Split($"\n```{language}\n", 2)[1].Split("\n```\n")[0];

    /// <summary>What the commands print, run where the page says: in the repository's root.</summary>
    private static string Shell(string commands) => Command.Run("/bin/bash", "-eu", "-o", "pipefail", "-c", $"""
        cd '{Installation.Root}'
        export EDGED_SOCKET='{_daemon.State.InferenceSocket}'
        {commands}
        """).Succeeded().Output;
}
