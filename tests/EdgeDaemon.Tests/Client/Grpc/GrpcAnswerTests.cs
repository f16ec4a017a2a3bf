using System.Net;
using System.Text;
using EdgeDaemon.Client;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Client.Models;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Protocol.Grpc;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Tests.Protocol.Grpc;
using Microsoft.AspNetCore.Http;
using ModelDescription = EdgeDaemon.Client.Models.ModelDescription;

namespace EdgeDaemon.Tests.Client.Grpc;

/// <summary>The gRPC wire against answers put together by hand.</summary>
[TestClass]
public sealed class GrpcAnswerTests
{
    private static readonly byte[] TwoFloats = [.. BitConverter.GetBytes(1.5f), .. BitConverter.GetBytes(-2f)];

    private static readonly byte[] Head = Proto.Join(
        Proto.Text(1, "m"), Proto.Text(2, "3"), Proto.Text(3, "q"),
        Proto.Field(4, Proto.Text(1, "radius"), Proto.Field(2, [.. Proto.Tag(4, 1), .. BitConverter.GetBytes(0.25)])),
        Proto.Field(4, Proto.Text(1, "label"), Proto.Field(2, Proto.Text(3, "a \"seven\""))),
        Output("y", "FP32", 1, 2));

    [TestMethod]
    public async Task A_request_has_a_head_and_the_callers_bytes_as_raw_contents()
    {
        byte[] sent = [];
        string headers = "";
        await using KestrelDaemon daemon = await KestrelDaemon.StartAsync(async context =>
        {
            headers = $"{context.Request.Method} {context.Request.Path} {context.Request.ContentType} {context.Request.Headers.TE}";
            sent = (await KestrelDaemon.ReadAsync(context))!;
            Assert.IsNull(await KestrelDaemon.ReadAsync(context));
            await KestrelDaemon.AnswerAsync(context, Proto.Join(Head, Proto.Field(6, TwoFloats)));
        });
        using EdgeClient client = Client(daemon);
        await client.InferAsync(new InferenceRequest(
            "m", [new InputTensor("x", ElementType.UInt8, [1, 300], new byte[300]), new InputTensor("z", ElementType.UInt16, [1], new byte[] { 9, 8 })])
        {
            Id = "q",
            Version = "3",
            Outputs = ["y"],
        });
        Assert.AreEqual("POST /inference.GRPCInferenceService/ModelInfer application/grpc trailers", headers);
        CollectionAssert.AreEqual(
            Proto.Join(
                Proto.Text(1, "m"), Proto.Text(2, "3"), Proto.Text(3, "q"), Proto.Input("x", "UINT8", [1, 300]), Proto.Input("z", "UINT16", [1]),
                Proto.Field(6, Proto.Text(1, "y")), Proto.Raw(new byte[300]), Proto.Raw(9, 8)),
            sent);
    }

    [TestMethod]
    public async Task An_answer_has_its_outputs_and_parameters()
    {
        InferenceAnswer answer = await InferAsync(Proto.Join(Head, Proto.Field(6, TwoFloats)));
        Assert.AreEqual(("m", "3", "q"), (answer.Model, answer.Version, answer.Id));
        CollectionAssert.AreEqual((float[])[1.5f, -2f], answer["y"].ToFloats());
        CollectionAssert.AreEqual((long[])[1, 2], answer["y"].Shape.ToArray());
        Assert.AreEqual(0.25, answer.Parameters["radius"].GetDouble());
        Assert.AreEqual("a \"seven\"", answer.Parameters["label"].GetString());
    }

    [TestMethod]
    public async Task Fields_come_in_any_order_and_unknown_ones_are_skipped()
    {
        InferenceAnswer answer = await InferAsync(Proto.Join(
            Proto.Field(6, TwoFloats), Proto.Number(99, 7), Proto.Text(98, "later"), [.. Proto.Tag(97, 5), 1, 2, 3, 4], Head));
        CollectionAssert.AreEqual((float[])[1.5f, -2f], answer["y"].ToFloats());
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task Outputs_are_received_in_the_callers_buffers(bool rawFirst)
    {
        byte[] buffer = new byte[16];
        byte[] message = rawFirst ? Proto.Join(Proto.Field(6, TwoFloats), Head) : Proto.Join(Head, Proto.Field(6, TwoFloats));
        InferenceAnswer answer = await InferAsync(message, Requests.OneFloat with { Outputs = [new RequestedOutput("y", buffer)] });
        CollectionAssert.AreEqual((byte[])[.. TwoFloats, 0, 0, 0, 0, 0, 0, 0, 0], buffer);
        Assert.IsTrue(answer["y"].Bytes.Span.Overlaps(buffer));
        Assert.AreEqual(8, answer["y"].Bytes.Length);

        EdgeClientException small = await Assert.ThrowsExactlyAsync<EdgeClientException>(
            () => InferAsync(message, Requests.OneFloat with { Outputs = [new RequestedOutput("y", new byte[7])] }));
        Assert.AreEqual(EdgeClientFailure.BufferTooSmall, small.Failure);
    }

    [TestMethod]
    [DynamicData(nameof(Broken))]
    public async Task An_answer_that_breaks_the_protocol_is_refused(string what, byte[] body)
    {
        await using KestrelDaemon daemon = await KestrelDaemon.StartAsync(async context =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(body);
            context.Response.AppendTrailer("grpc-status", "0");
        });
        using EdgeClient client = Client(daemon);
        EdgeClientException error = await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.InferAsync(Requests.OneFloat));
        Assert.AreEqual(EdgeClientFailure.AnswerInvalid, error.Failure, what);
    }

    public static IEnumerable<object[]> Broken()
    {
        byte[] good = Proto.Join(Head, Proto.Field(6, TwoFloats));
        yield return ["no message", Array.Empty<byte>()];
        yield return ["half a prefix", new byte[] { 0, 0, 0 }];
        yield return ["compressed", KestrelDaemon.Frame(good, 1)];
        yield return ["a flag that does not exist", KestrelDaemon.Frame(good, 2)];
        yield return ["half a message", KestrelDaemon.Frame(good)[..^1]];
        yield return ["two messages", (byte[])[.. KestrelDaemon.Frame(good), .. KestrelDaemon.Frame(good)]];
        yield return ["larger than is accepted", new byte[] { 0, 0x7F, 0xFF, 0xFF, 0xFF }];
        yield return ["no raw contents", KestrelDaemon.Frame(Head)];
        yield return ["more raw contents than outputs", KestrelDaemon.Frame([.. good, .. Proto.Field(6, [1])])];
        yield return ["raw contents that the shape does not give", KestrelDaemon.Frame([.. Head, .. Proto.Field(6, [1, 2, 3])])];
        yield return ["an output twice", KestrelDaemon.Frame([.. good, .. Output("y", "FP32", 1, 2), .. Proto.Field(6, TwoFloats)])];
        yield return ["an unknown type", KestrelDaemon.Frame([.. Output("y", "FP33", 2), .. Proto.Field(6, TwoFloats)])];
        yield return ["a shape below zero", KestrelDaemon.Frame([.. Output("y", "FP32", ulong.MaxValue), .. Proto.Field(6, TwoFloats)])];
        yield return ["a shape beyond all memory", KestrelDaemon.Frame([.. Output("y", "FP32", 1UL << 62, 1UL << 62), .. Proto.Field(6, TwoFloats)])];
        yield return ["too many dimensions", KestrelDaemon.Frame(Output("y", "FP32", [.. Enumerable.Repeat(1UL, 17)]))];
        yield return ["a field beyond the message", KestrelDaemon.Frame([.. Proto.Tag(6, 2), .. Proto.Varint(1000)])];
        yield return ["a length of 2^64-1", KestrelDaemon.Frame([.. Proto.Tag(6, 2), .. Proto.Varint(ulong.MaxValue)])];
        yield return ["a group", KestrelDaemon.Frame(Proto.Tag(9, 3))];
        yield return ["a varint without end", KestrelDaemon.Frame([.. Enumerable.Repeat((byte)0xFF, 30)])];
        yield return ["a name that is not UTF-8", KestrelDaemon.Frame([.. Proto.Field(1, [0xFF]), .. good])];
        yield return ["more outputs than a model has", KestrelDaemon.Frame([.. Enumerable.Repeat(Proto.Field(6), 5000).SelectMany(raw => raw)])];
    }

    [TestMethod]
    public async Task An_answer_that_is_no_grpc_is_refused()
    {
        foreach ((string? type, bool status, string what) in new[] { ("application/json", true, "type"), ("application/grpc-web", true, "web"), (null, true, "none"), ("application/grpc", false, "no status") })
        {
            await using KestrelDaemon daemon = await KestrelDaemon.StartAsync(async context =>
            {
                context.Response.ContentType = type;
                await context.Response.Body.WriteAsync(KestrelDaemon.Frame(Proto.Number(1, 1)));
                if (status)
                {
                    context.Response.AppendTrailer("grpc-status", "0");
                }
            });
            using EdgeClient client = Client(daemon);
            EdgeClientException error = await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.IsLiveAsync());
            Assert.AreEqual(EdgeClientFailure.AnswerInvalid, error.Failure, what);
        }

        await using KestrelDaemon proxy = await KestrelDaemon.StartAsync(context =>
        {
            context.Response.StatusCode = 502;
            return Task.CompletedTask;
        });
        using EdgeClient behind = Client(proxy);
        EdgeClientException refused = await Assert.ThrowsExactlyAsync<EdgeClientException>(() => behind.IsLiveAsync());
        Assert.AreEqual((EdgeClientFailure.Refused, HttpStatusCode.BadGateway), (refused.Failure, refused.Status));
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task A_refusal_carries_status_public_text_and_request_id_at_once_or_behind_a_message(bool atOnce)
    {
        await using KestrelDaemon daemon = await KestrelDaemon.StartAsync(async context =>
        {
            const string Text = "no 100%25 model %C3%A4 (request 01abc-7)";
            if (atOnce)
            {
                await KestrelDaemon.RefuseAsync(context, 5, Text);
                return;
            }

            context.Response.ContentType = "application/grpc+proto";
            await context.Response.Body.WriteAsync(KestrelDaemon.Frame(Proto.Join(Head, Proto.Field(6, TwoFloats))));
            context.Response.AppendTrailer("grpc-status", "5");
            context.Response.AppendTrailer("grpc-message", Text);
        });
        using EdgeClient client = Client(daemon);
        EdgeClientException error = await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.InferAsync(Requests.OneFloat));
        Assert.AreEqual((EdgeClientFailure.Refused, GrpcStatus.NotFound, HttpStatusCode.NotFound), (error.Failure, error.GrpcStatus, error.Status));
        Assert.AreEqual(("no 100% model ä", "01abc-7"), (error.PublicText, error.RequestId));
    }

    [TestMethod]
    public async Task The_deadline_is_a_failure_and_cancellation_resets_the_stream()
    {
        using var resets = new SemaphoreSlim(0);
        await using KestrelDaemon daemon = await KestrelDaemon.StartAsync(
            context => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { resets.Release(); }, TaskScheduler.Default));
        using EdgeClient client = Client(daemon);
        EdgeClientException error = await Assert.ThrowsExactlyAsync<EdgeClientException>(
            () => client.InferAsync(Requests.OneFloat with { Deadline = TimeSpan.FromMilliseconds(50) }));
        Assert.AreEqual(EdgeClientFailure.DeadlinePassed, error.Failure);
        Assert.IsTrue(await resets.WaitAsync(TimeSpan.FromSeconds(60)));
        using var cancellation = new CancellationTokenSource(50);
        await Assert.ThrowsAsync<OperationCanceledException>(() => client.InferAsync(Requests.OneFloat, cancellation.Token));
        Assert.IsTrue(await resets.WaitAsync(TimeSpan.FromSeconds(60)));
    }

    [TestMethod]
    public async Task A_deadline_that_passed_at_the_daemon_is_the_same_failure()
    {
        await using KestrelDaemon daemon = await KestrelDaemon.StartAsync(context => KestrelDaemon.RefuseAsync(context, 4, "the deadline passed"));
        using EdgeClient client = Client(daemon);
        Assert.AreEqual(EdgeClientFailure.DeadlinePassed, (await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.IsLiveAsync())).Failure);
    }

    [TestMethod]
    public async Task A_connection_that_ends_or_speaks_another_protocol_is_a_lost_connection()
    {
        await using KestrelDaemon daemon = await KestrelDaemon.StartAsync(async context =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(KestrelDaemon.Frame(Proto.Join(Head, Proto.Field(6, TwoFloats))).AsMemory(0, 30));
            await context.Response.Body.FlushAsync();
            context.Abort();
        });
        using EdgeClient client = Client(daemon);
        Assert.AreEqual(EdgeClientFailure.ConnectionLost, (await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.InferAsync(Requests.OneFloat))).Failure);

        foreach (byte[] answer in new[] { Array.Empty<byte>(), "HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray(), new byte[100] })
        {
            using var raw = new FakeDaemon(_ => answer);
            using var other = new EdgeClient(raw.SocketPath, new EdgeClientOptions { Wire = EdgeWire.Grpc });
            Assert.AreEqual(EdgeClientFailure.ConnectionLost, (await Assert.ThrowsExactlyAsync<EdgeClientException>(() => other.IsLiveAsync())).Failure);
        }
    }

    [TestMethod]
    public async Task A_model_is_described_by_metadata_and_config_together()
    {
        byte[] metadata = Proto.Join(
            Proto.Text(1, "digits"), Proto.Text(2, "1"), Proto.Text(3, "onnxruntime_onnx"), Tensor(4, "image", "UINT8", ulong.MaxValue, 1, 8, 8), Tensor(5, "logits", "FP32", ulong.MaxValue, 10));
        byte[] config = Proto.Field(1, Proto.Text(1, "digits"), Proto.Field(5, Proto.Text(1, "image"), Proto.Number(3, 2)),
            Proto.Field(14, Proto.Text(1, "labels"), Proto.Field(2, Proto.Text(1, "zero\none"))));
        await using KestrelDaemon daemon = await KestrelDaemon.StartAsync(
            context => KestrelDaemon.AnswerAsync(context, context.Request.Path.Value!.EndsWith("Config", StringComparison.Ordinal) ? config : metadata));
        using EdgeClient client = Client(daemon);
        ModelDescription model = await client.DescribeModelAsync("digits");
        Assert.AreEqual(("digits", "1", "onnxruntime_onnx"), (model.Name, model.Versions.Single(), model.Platform));
        Assert.AreEqual(ImageFormat.Nchw, model.Inputs.Single().Format);
        CollectionAssert.AreEqual((long[])[-1, 1, 8, 8], model.Inputs.Single().Contract.Shape.ToArray());
        CollectionAssert.AreEqual((long[])[-1, 10], model.Outputs.Single().Shape.ToArray());
        CollectionAssert.AreEqual((string[])["zero", "one"], model.Labels.ToArray());
    }

    [TestMethod]
    public async Task Every_small_question_has_its_answer()
    {
        var asked = new Dictionary<string, byte[]>();
        byte[] statistics = Proto.Field(1, Proto.Text(1, "m"), Proto.Text(2, "3"), Proto.Number(3, 5), Proto.Number(4, 6), Proto.Number(5, 7),
            Proto.Field(6, Proto.Field(1, Proto.Number(1, 8), Proto.Number(2, 9)), Proto.Field(3, Proto.Number(1, 10))));
        await using KestrelDaemon daemon = await KestrelDaemon.StartAsync(async context =>
        {
            string method = context.Request.Path.Value!.Split('/')[^1];
            asked[method] = (await KestrelDaemon.ReadAsync(context))!;
            await KestrelDaemon.AnswerAsync(context, method switch
            {
                "ServerMetadata" => Proto.Join(Proto.Text(1, "edged"), Proto.Text(2, "1.0"), Proto.Text(3, "statistics"), Proto.Text(3, "x")),
                "ModelStatistics" => statistics,
                "RepositoryIndex" => Proto.Field(1, Proto.Text(1, "m"), Proto.Text(2, "3"), Proto.Text(3, "READY")),
                _ => Proto.Number(1, 1),
            });
        });
        using EdgeClient client = Client(daemon);
        Assert.IsTrue(await client.IsLiveAsync());
        Assert.IsTrue(await client.IsReadyAsync());
        Assert.IsTrue(await client.IsModelReadyAsync("m"));
        Assert.AreEqual(HealthStatus.Serving, await client.CheckHealthAsync("s"));
        ServerDescription server = await client.DescribeServerAsync();
        Assert.AreEqual(("edged", "1.0", "statistics,x"), (server.Name, server.Version, string.Join(',', server.Extensions)));
        Assert.AreEqual(new ModelIndexEntry("m", "3", "READY", ""), (await client.ListModelsAsync()).Single());
        ModelStatistics model = (await client.StatisticsAsync("m")).Single();
        Assert.AreEqual(("m", "3", 5UL, 6UL, 7UL), (model.Name, model.Version, model.LastInference, model.InferenceCount, model.ExecutionCount));
        Assert.AreEqual((new StatisticDuration(8, 9), new StatisticDuration(10, 0)), (model.Success, model.Queue));
        CollectionAssert.AreEqual(Proto.Text(1, "m"), asked["ModelReady"]);
        CollectionAssert.AreEqual(Proto.Text(1, "s"), asked["Check"]);
        CollectionAssert.AreEqual(Array.Empty<byte>(), asked["ServerLive"]);
    }

    [TestMethod]
    public async Task A_model_that_is_not_there_is_not_ready()
    {
        await using KestrelDaemon daemon = await KestrelDaemon.StartAsync(context => KestrelDaemon.RefuseAsync(context, 5, "model not found"));
        using EdgeClient client = Client(daemon);
        Assert.IsFalse(await client.IsModelReadyAsync("none"));
    }

    [TestMethod]
    public async Task Health_is_watched_until_the_daemon_drains()
    {
        await using KestrelDaemon daemon = await KestrelDaemon.StartAsync(async context =>
        {
            context.Response.ContentType = "application/grpc";
            foreach (ulong state in new ulong[] { 1, 2, 77 })
            {
                await context.Response.Body.WriteAsync(KestrelDaemon.Frame(Proto.Number(1, state)));
                await context.Response.Body.FlushAsync();
            }

            context.Response.AppendTrailer("grpc-status", "14");
        });
        using EdgeClient client = Client(daemon);
        var seen = new List<HealthStatus>();
        EdgeClientException error = await Assert.ThrowsExactlyAsync<EdgeClientException>(async () =>
        {
            await foreach (HealthStatus state in client.WatchHealthAsync())
            {
                seen.Add(state);
            }
        });
        CollectionAssert.AreEqual(new[] { HealthStatus.Serving, HealthStatus.NotServing, HealthStatus.Unknown }, seen);
        Assert.AreEqual(GrpcStatus.Unavailable, error.GrpcStatus);
    }

    [TestMethod]
    public async Task Tensors_larger_than_every_window_arrive_whole_both_ways()
    {
        byte[] pixels = new byte[3 << 20];
        new Random(1).NextBytes(pixels);
        await using KestrelDaemon daemon = await KestrelDaemon.StartAsync(async context =>
        {
            byte[] asked = (await KestrelDaemon.ReadAsync(context))!;
            await KestrelDaemon.AnswerAsync(context, Proto.Join(Output("y", "UINT8", (ulong)pixels.Length), Proto.Field(6, asked[^pixels.Length..])));
        });
        using EdgeClient client = Client(daemon);
        byte[] buffer = new byte[pixels.Length];
        await client.InferAsync(new InferenceRequest("m", [new InputTensor("x", ElementType.UInt8, [pixels.Length], pixels)]) { Outputs = [new RequestedOutput("y", buffer)] });
        Assert.IsTrue(buffer.AsSpan().SequenceEqual(pixels));
    }

    private static byte[] Output(string name, string type, params ulong[] shape) => Tensor(5, name, type, shape);

    private static byte[] Tensor(int field, string name, string type, params ulong[] shape) =>
        Proto.Field(field, Proto.Text(1, name), Proto.Field(2, Encoding.ASCII.GetBytes(type)), Proto.Packed(3, shape));

    private static EdgeClient Client(KestrelDaemon daemon) =>
        new(daemon.SocketPath, new EdgeClientOptions { Wire = EdgeWire.Grpc, Deadline = TimeSpan.FromSeconds(60) });

    private static async Task<InferenceAnswer> InferAsync(byte[] message, InferenceRequest? request = null)
    {
        await using KestrelDaemon daemon = await KestrelDaemon.StartAsync(context => KestrelDaemon.AnswerAsync(context, message));
        using EdgeClient client = Client(daemon);
        return await client.InferAsync(request ?? Requests.OneFloat);
    }
}
