namespace EdgeDaemon.EndToEnd;

/// <summary>Other people's gRPC clients, each calling everything that is served.</summary>
[TestClass]
public sealed class GrpcClientTests
{
    private const string Limits = "[limits]\nmax_body_bytes = 4194304";

    [TestMethod]
    public async Task PythonsGrpcio_CallsEverything()
    {
        if (Command.Run("/usr/bin/env", "bash", "-c", "test -x /usr/bin/python3 && /usr/bin/python3 -c 'import grpc, google.protobuf' && command -v protoc").ExitCode != 0)
        {
            Assert.Inconclusive("skipped: needs python3-grpcio, python3-protobuf and protobuf-compiler (./build.sh deps installs them)");
        }

        await AskAsync((daemon, images, scratch) =>
        {
            Command.Run("/usr/bin/env", "protoc", "-I", Source(""), $"--python_out={scratch}", "inference.proto", "health.proto").Succeeded();
            return Command.Run("/usr/bin/python3", Source("calls.py"), daemon.State.InferenceSocket, images, scratch);
        });
    }

    [TestMethod]
    public async Task NodesGrpcJs_CallsEverything()
    {
        string modules = Path.Combine(Installation.Root, "artifacts", "grpc-js", "node_modules");
        if (!Directory.Exists(modules) || Command.Run("/usr/bin/env", "bash", "-c", "command -v node").ExitCode != 0)
        {
            Assert.Inconclusive("skipped: needs node and artifacts/grpc-js (./build.sh deps fetches it)");
        }

        await AskAsync((daemon, images, scratch) =>
        {
            string script = Path.Combine(scratch, "calls.js");
            File.Copy(Source("calls.js"), script);
            Directory.CreateSymbolicLink(Path.Combine(scratch, "node_modules"), modules);
            return Command.Run("/usr/bin/env", "node", script, daemon.State.InferenceSocket, images, Source(""));
        });
    }

    private static string Source(string name) => Path.Combine(Installation.Root, "tests", "EdgeDaemon.EndToEnd", "grpc", name);

    private static async Task AskAsync(Func<Daemon, string, string, Command> ask)
    {
        await using Daemon daemon = await Daemon.StartAsync(Limits, "digits/digits-s25");
        string scratch = Directory.CreateTempSubdirectory("grpc-").FullName;
        try
        {
            string images = Path.Combine(scratch, "images");
            File.WriteAllBytes(images, Digits.Images);
            Command asked = ask(daemon, images, scratch).Succeeded();
            StringAssert.Contains(asked.Output, "all right");
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }
}
