using System.Runtime.Versioning;
using EdgeDaemon.Tests.Protocol.Grpc;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace EdgeDaemon.Tests.Client.Examples;

/// <summary>The examples of src/EdgeDaemon.Client/README.md: what stands there is what is compiled and run here.</summary>
[TestClass]
[SupportedOSPlatform("linux")]
public sealed class ReadmeTests
{
    [TestMethod]
    public void The_page_has_the_examples_word_for_word()
    {
        string page = File.ReadAllText(Repository.File("src/EdgeDaemon.Client/README.md"));
        string[] blocks = [.. page.Split("```csharp\n").Skip(1).Select(block => block.Split("```")[0])];
        string[] examples = [.. new[] { "RestExample", "GrpcStreamExample", "MutualTlsExample" }.Select(Example)];
        CollectionAssert.AreEqual(examples, blocks);
    }

    [TestMethod]
    public async Task One_inference()
    {
        const string Head = """{"model_name":"linear","outputs":[{"name":"y","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":4}}]}""";
        using var daemon = new FakeDaemon(_ => FakeDaemon.Tensors(Head, BitConverter.GetBytes(3f)));
        CollectionAssert.AreEqual((float[])[3f], await RestExample.RunAsync(daemon.SocketPath, [0.5f, 1f]));
    }

    [TestMethod]
    public async Task A_stream()
    {
        await using KestrelDaemon daemon = await KestrelDaemon.StartAsync(async context =>
        {
            context.Response.ContentType = "application/grpc";
            while (await KestrelDaemon.ReadAsync(context) is { } request)
            {
                await context.Response.Body.WriteAsync(KestrelDaemon.Frame(Proto.Field(2,
                    Proto.Field(5, Proto.Text(1, "logits"), Proto.Text(2, "FP32"), Proto.Packed(3, 1, 10)), Proto.Field(6, [.. Enumerable.Repeat(request[^1], 40)]))));
                await context.Response.Body.FlushAsync();
            }
        });
        List<byte[]> seen = await GrpcStreamExample.RunAsync(daemon.SocketPath, new byte[64], [frame => frame[63] = 7, frame => frame[63] = 9]);
        CollectionAssert.AreEqual((byte[])[7, 9], seen.Select(scores => scores[39]).ToArray());
    }

    [TestMethod]
    public async Task Mutual_tls()
    {
        using var authority = new TestIdentity();
        await using KestrelDaemon daemon = await KestrelDaemon.StartTlsAsync(
            context => KestrelDaemon.AnswerAsync(context, Proto.Number(1, 1)),
            new HttpsConnectionAdapterOptions
            {
                ServerCertificate = authority.Server(),
                ClientCertificateMode = ClientCertificateMode.RequireCertificate,
                ClientCertificateValidation = (client, _, _) => authority.Issued(client),
            });
        using var files = new IdentityFiles(authority);
        Assert.IsTrue(await MutualTlsExample.RunAsync("localhost", daemon.Port, files.Certificate, files.Key, files.Root));
    }

    private static string Example(string name)
    {
        string file = File.ReadAllText(Repository.File($"tests/EdgeDaemon.Tests/Client/Examples/{name}.cs"));
        string passage = file.Split("// README: begin\n")[1].Split("        // README: end")[0];
        return string.Concat(passage.TrimEnd().Split('\n').Select(line => (line.StartsWith("        ", StringComparison.Ordinal) ? line[8..] : line) + "\n"));
    }
}
