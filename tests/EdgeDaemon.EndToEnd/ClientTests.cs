using System.Net;
using EdgeDaemon.Client;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Client.Models;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Protocol.Grpc;
using EdgeDaemon.Core.Tensors;
using ModelDescription = EdgeDaemon.Client.Models.ModelDescription;

namespace EdgeDaemon.EndToEnd;

/// <summary>The C# client against the published daemon, over both wires.</summary>
[TestClass]
public sealed class ClientTests
{
    private static Daemon _daemon = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext _) => _daemon = await Daemon.StartAsync("", "digits/digits-s25", "bench/bench-mlp");

    [ClassCleanup]
    public static async Task StopAsync() => await _daemon.DisposeAsync();

    [TestMethod]
    [DataRow(EdgeWire.Rest)]
    [DataRow(EdgeWire.Grpc)]
    public async Task Answers_AreBitEqualToThoseOfABareConnection_AndLieInTheCallersBuffer(EdgeWire wire)
    {
        using HttpConnection bare = _daemon.Connect();
        using EdgeClient client = Client(_daemon, wire);
        byte[] buffer = new byte[5 * 40];
        for (int first = 0; first < 50; first += 5)
        {
            InferenceAnswer answer = await client.InferAsync(Request(first, 5) with { Id = $"from {first}", Outputs = [new RequestedOutput("logits", buffer)] });
            Assert.AreEqual(("digits", "1", $"from {first}"), (answer.Model, answer.Version, answer.Id));
            CollectionAssert.AreEqual(bare.Ask(Digits.Binary(first, 5)).Binary.ToArray(), buffer);
            Assert.IsTrue(answer["logits"].Bytes.Span.Overlaps(buffer));
        }
    }

    [TestMethod]
    public async Task BothWires_DescribeTheSame()
    {
        using EdgeClient rest = Client(_daemon, EdgeWire.Rest);
        using EdgeClient grpc = Client(_daemon, EdgeWire.Grpc);
        ModelDescription model = await rest.DescribeModelAsync("digits");
        Assert.AreEqual(ImageFormat.Nchw, model.Inputs.Single().Format);
        Assert.HasCount(10, model.Labels);
        Assert.AreEqual(Text(model), Text(await grpc.DescribeModelAsync("digits")));
        ServerDescription server = await rest.DescribeServerAsync(), other = await grpc.DescribeServerAsync();
        Assert.AreEqual((server.Name, server.Version), (other.Name, other.Version));
        CollectionAssert.AreEqual(server.Extensions.ToArray(), other.Extensions.ToArray());
        CollectionAssert.AreEquivalent((await rest.ListModelsAsync()).ToArray(), (await grpc.ListModelsAsync()).ToArray());
        foreach (EdgeClient client in new[] { rest, grpc })
        {
            Assert.IsTrue(await client.IsLiveAsync() && await client.IsReadyAsync() && await client.IsModelReadyAsync("digits"));
            Assert.IsFalse(await client.IsModelReadyAsync("none"));
            EdgeClientException error = await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.InferAsync(Request(0, 1) with { Model = "none" }));
            Assert.AreEqual((EdgeClientFailure.Refused, HttpStatusCode.NotFound, "model not found"), (error.Failure, error.Status, error.PublicText));
            Assert.IsNotNull(error.RequestId);
        }

        Assert.AreEqual(HealthStatus.Serving, await grpc.CheckHealthAsync(GrpcMethods.InferenceService));

        static string Text(ModelDescription model) => string.Join(' ', [
            model.Name, .. model.Versions, model.Platform, .. model.Labels,
            .. model.Inputs.Select(input => $"{input.Format} {input.Contract.Name} {input.Contract.Type} {string.Join(',', input.Contract.Shape)}"),
            .. model.Outputs.Select(output => $"{output.Name} {output.Type} {string.Join(',', output.Shape)}")]);
    }

    [TestMethod]
    public async Task Statistics_AreTheSameOverBothWires_AndCountWhatThisClientAsked()
    {
        using EdgeClient rest = Client(_daemon, EdgeWire.Rest);
        using EdgeClient grpc = Client(_daemon, EdgeWire.Grpc);
        var mlp = new InferenceRequest("bench-mlp", [InputTensor.OfFloats("x", [1, 16], new float[16])]);
        ModelStatistics before = (await rest.StatisticsAsync("bench-mlp")).Single();
        ModelDescription model = await rest.DescribeModelAsync("bench-mlp");
        TensorContract input = model.Inputs.Single().Contract;
        mlp = mlp with { Inputs = [mlp.Inputs[0] with { Name = input.Name }] };
        await rest.InferAsync(mlp);
        await grpc.InferAsync(mlp);
        ModelStatistics after = (await rest.StatisticsAsync("bench-mlp")).Single();
        Assert.AreEqual(before.InferenceCount + 2, after.InferenceCount);
        ModelStatistics overGrpc = (await grpc.StatisticsAsync("bench-mlp")).Single();
        CollectionAssert.AreEqual(after.Batches, overGrpc.Batches);
        Assert.AreEqual(after, overGrpc with { Batches = after.Batches });
        Assert.HasCount(2, await grpc.StatisticsAsync());
    }

    [TestMethod]
    public async Task AStream_AnswersInOrder_AndGoesOnAfterARefusal()
    {
        using HttpConnection bare = _daemon.Connect();
        using EdgeClient client = Client(_daemon, EdgeWire.Rest);
        await using EdgeInferenceStream stream = client.OpenStream();
        byte[][] buffers = [.. Enumerable.Range(0, 30).Select(_ => new byte[40])];
        Task sending = Task.Run(async () =>
        {
            for (int i = 0; i < 30; i++)
            {
                InferenceRequest request = Request(i, 1) with { Id = $"{i}", Outputs = [new RequestedOutput("logits", buffers[i])] };
                await stream.SendAsync(i == 7 ? request with { Model = "none" } : request);
            }

            await stream.CompleteAsync();
        });
        int next = 0;
        await foreach (StreamedAnswer answer in stream.ReadAllAsync())
        {
            Assert.AreEqual($"{next}", answer.Id);
            if (next == 7)
            {
                StringAssert.StartsWith(answer.Refusal, "model not found");
            }
            else
            {
                CollectionAssert.AreEqual(bare.Ask(Digits.Binary(next, 1)).Binary.ToArray(), buffers[next]);
            }

            next++;
        }

        await sending;
        Assert.AreEqual(30, next);
    }

    [TestMethod]
    [DataRow(EdgeWire.Rest)]
    [DataRow(EdgeWire.Grpc)]
    public async Task EightTasksAtOnce_EachGetTheirOwnAnswers(EdgeWire wire)
    {
        byte[][] expected;
        using (HttpConnection bare = _daemon.Connect())
        {
            expected = [.. Enumerable.Range(0, 64).Select(i => bare.Ask(Digits.Binary(i, 1)).Binary.ToArray())];
        }

        using EdgeClient client = Client(_daemon, wire);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(task => Task.Run(async () =>
        {
            byte[] buffer = new byte[40];
            for (int i = 0; i < 50; i++)
            {
                int image = ((task * 8) + i) % 64;
                await client.InferAsync(Request(image, 1) with { Outputs = [new RequestedOutput("logits", buffer)] });
                CollectionAssert.AreEqual(expected[image], buffer);
            }
        })));
    }

    [TestMethod]
    [DataRow(EdgeWire.Rest)]
    [DataRow(EdgeWire.Grpc)]
    public async Task ACancelledOrLateCall_ThatWaitsForALane_IsGivenUpByTheDaemonToo(EdgeWire wire)
    {
        const int Turns = 1_500_000; // Some seconds.
        using StateDirectory state = StateDirectory.Create();
        CraftedModels.Bundle(state, "slow", CraftedModels.Loop(Turns), 1 + Turns);
        state.Configure("[engine]\nlanes = 1");
        await using Daemon daemon = await Daemon.StartAsync(state);
        using EdgeClient client = Client(daemon, wire);
        var request = new InferenceRequest("slow", [InputTensor.OfFloats("x", [1], [1f])]);
        Task<InferenceAnswer> running = client.InferAsync(request);
        await GivenUpAsync(async () =>
        {
            EdgeClientException late = await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.InferAsync(request with { Deadline = TimeSpan.FromMilliseconds(100) }));
            Assert.AreEqual(EdgeClientFailure.DeadlinePassed, late.Failure);
        });
        await GivenUpAsync(async () =>
        {
            using var cancellation = new CancellationTokenSource(100);
            await Assert.ThrowsAsync<OperationCanceledException>(() => client.InferAsync(request, cancellation.Token));
        });
        Assert.AreEqual(1f + Turns, (await running)["y"].ToFloats().Single());

        // What found the lane free runs to its end and is no failure, and the count comes a moment later: asked until it is there.
        async Task GivenUpAsync(Func<Task> call)
        {
            ulong before = (await client.StatisticsAsync("slow")).Single().Fail.Count;
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            do
            {
                await call();
            }
            while ((await client.StatisticsAsync("slow", patience.Token)).Single().Fail.Count == before);
        }
    }

    [TestMethod]
    [DataRow(EdgeWire.Rest)]
    [DataRow(EdgeWire.Grpc)]
    public async Task ARestartedDaemon_IsFoundAgain_ByAClientThatKeptItsConnection(EdgeWire wire)
    {
        using StateDirectory state = StateDirectory.Create("", "digits/digits-s25");
        await using Daemon first = await Daemon.StartAsync(state);
        using EdgeClient client = Client(first, wire);
        byte[] before = (await client.InferAsync(Request(3, 1)))["logits"].Bytes.ToArray();
        await first.StopAsync();
        Assert.AreEqual(EdgeClientFailure.Unreachable, (await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.InferAsync(Request(3, 1)))).Failure);
        await using Daemon second = await Daemon.StartAsync(state);
        CollectionAssert.AreEqual(before, (await client.InferAsync(Request(3, 1)))["logits"].Bytes.ToArray());
    }

    [TestMethod]
    [DataRow(EdgeWire.Rest, HttpStatusCode.RequestEntityTooLarge)]
    [DataRow(EdgeWire.Grpc, HttpStatusCode.TooManyRequests)]
    public async Task ABodyThatTheDaemonDoesNotTake_IsRefusedByName_AndNotSentAgain(EdgeWire wire, HttpStatusCode status)
    {
        await using Daemon daemon = await Daemon.StartAsync("[limits]\nmax_body_bytes = 1048576", "digits/digits-s25");
        using EdgeClient client = Client(daemon, wire);
        var large = new InferenceRequest("digits", [new InputTensor("image", ElementType.UInt8, [1 << 17, 1, 8, 8], new byte[1 << 23])]);
        EdgeClientException error = await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.InferAsync(large));
        Assert.AreEqual((EdgeClientFailure.Refused, status, "the request body is too large"), (error.Failure, error.Status, error.PublicText));
        Assert.IsTrue(await client.IsLiveAsync());
    }

    [TestMethod]
    public async Task AWatch_SeesTheDaemonDrain()
    {
        await using Daemon daemon = await Daemon.StartAsync("", "digits/digits-s25");
        using EdgeClient client = Client(daemon, EdgeWire.Grpc);
        var seen = new List<HealthStatus>();
        EdgeClientException error = await Assert.ThrowsExactlyAsync<EdgeClientException>(async () =>
        {
            await foreach (HealthStatus health in client.WatchHealthAsync())
            {
                seen.Add(health);
                if (health == HealthStatus.Serving)
                {
                    daemon.Terminate();
                }
            }
        });
        CollectionAssert.AreEqual(new[] { HealthStatus.Serving, HealthStatus.NotServing }, seen);
        Assert.AreEqual(GrpcStatus.Unavailable, error.GrpcStatus);
        await daemon.LeaveAsync();
    }

    [TestMethod]
    public void Edgectl_SaysTheSameOverBothWires()
    {
        string picture = Path.Combine(Installation.Models, "digits", "heldout.pgm");
        string[] ask = ["infer", "digits", "--image", picture, "--index", "5", "--top", "3", "--socket", _daemon.State.InferenceSocket];
        string rest = Command.Edgectl(ask).Succeeded().Output;
        Assert.HasCount(3, rest.Trim().Split('\n'));
        Assert.AreEqual(rest, Command.Edgectl([.. ask, "--grpc"]).Succeeded().Output);
        Command missing = Command.Edgectl("infer", "none", "--image", picture, "--grpc", "--address", $"unix:{_daemon.State.InferenceSocket}");
        Assert.AreEqual(1, missing.ExitCode);
        StringAssert.Contains(missing.Errors, "404: model not found", StringComparison.Ordinal);
    }

    private static EdgeClient Client(Daemon daemon, EdgeWire wire) => new(daemon.State.InferenceSocket, new EdgeClientOptions { Wire = wire });

    private static InferenceRequest Request(int first, int count) => new(
        "digits", [new InputTensor("image", ElementType.UInt8, [count, 1, 8, 8], Digits.Images.AsMemory(first * Digits.Pixels, count * Digits.Pixels))]);
}
