using EdgeDaemon.Client;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Core.Protocol.Grpc;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Tests.Protocol.Grpc;
using Microsoft.AspNetCore.Http;

namespace EdgeDaemon.Tests.Client;

[TestClass]
public sealed class EdgeInferenceStreamTests
{
    [TestMethod]
    public async Task Answers_come_while_requests_are_sent_and_a_refusal_does_not_end_the_stream()
    {
        await using KestrelDaemon daemon = await KestrelDaemon.StartAsync(EchoAsync);
        using var client = new EdgeClient(daemon.SocketPath);
        await using EdgeInferenceStream stream = client.OpenStream();
        await using IAsyncEnumerator<StreamedAnswer> answers = stream.ReadAllAsync().GetAsyncEnumerator();
        byte[] buffer = new byte[1];
        foreach (byte value in new byte[] { 1, 2, 0, 3 })
        {
            await stream.SendAsync(Request(value, buffer));
            Assert.IsTrue(await answers.MoveNextAsync());
            Assert.AreEqual($"id{value}", answers.Current.Id);
            if (value == 0)
            {
                Assert.AreEqual(("zero is refused", null), (answers.Current.Refusal, answers.Current.Answer));
                continue;
            }

            Assert.IsNull(answers.Current.Refusal);
            Assert.AreEqual(value, buffer[0]);
            Assert.AreEqual(value, answers.Current.Answer!["y"].Bytes.Span[0]);
        }

        await stream.CompleteAsync();
        Assert.IsFalse(await answers.MoveNextAsync());
        await Assert.ThrowsExactlyAsync<ObjectDisposedException>(() => stream.SendAsync(Request(1)));
    }

    [TestMethod]
    public async Task Requests_may_run_ahead_of_the_reader()
    {
        await using KestrelDaemon daemon = await KestrelDaemon.StartAsync(EchoAsync);
        using var client = new EdgeClient(daemon.SocketPath);
        await using EdgeInferenceStream stream = client.OpenStream();
        for (byte i = 1; i <= 100; i++)
        {
            await stream.SendAsync(Request(i));
        }

        await stream.CompleteAsync();
        byte next = 1;
        await foreach (StreamedAnswer answer in stream.ReadAllAsync())
        {
            Assert.AreEqual(next++, answer.Answer!["y"].Bytes.Span[0]);
        }

        Assert.AreEqual(101, next);
    }

    [TestMethod]
    public async Task The_daemons_end_is_told_to_the_reader_and_sends_fail()
    {
        await using KestrelDaemon daemon = await KestrelDaemon.StartAsync(context => KestrelDaemon.RefuseAsync(context, 14, "the server is shutting down"));
        using var client = new EdgeClient(daemon.SocketPath);
        await using EdgeInferenceStream stream = client.OpenStream();
        EdgeClientException error = await Assert.ThrowsExactlyAsync<EdgeClientException>(() => ReadAsync(stream));
        Assert.AreEqual((GrpcStatus.Unavailable, "the server is shutting down"), (error.GrpcStatus, error.PublicText));
        EdgeClientException send = await Assert.ThrowsExactlyAsync<EdgeClientException>(() => stream.SendAsync(Request(1)));
        Assert.AreEqual(EdgeClientFailure.ConnectionLost, send.Failure);
    }

    [TestMethod]
    public async Task Nobody_there_is_told_to_the_sender_and_to_the_reader()
    {
        using var client = new EdgeClient("/nonexistent/edged.sock");
        await using EdgeInferenceStream stream = client.OpenStream();
        Assert.AreEqual(EdgeClientFailure.Unreachable, (await Assert.ThrowsExactlyAsync<EdgeClientException>(() => stream.SendAsync(Request(1)))).Failure);
        Assert.AreEqual(EdgeClientFailure.Unreachable, (await Assert.ThrowsExactlyAsync<EdgeClientException>(() => ReadAsync(stream))).Failure);
    }

    [TestMethod]
    public async Task The_deadline_ends_the_stream_and_disposal_resets_it()
    {
        using var resets = new SemaphoreSlim(0);
        await using KestrelDaemon daemon = await KestrelDaemon.StartAsync(
            context => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { resets.Release(); }, TaskScheduler.Default));
        using var client = new EdgeClient(daemon.SocketPath);
        await using (EdgeInferenceStream hurried = client.OpenStream(TimeSpan.FromMilliseconds(100)))
        {
            Assert.AreEqual(EdgeClientFailure.DeadlinePassed, (await Assert.ThrowsExactlyAsync<EdgeClientException>(() => ReadAsync(hurried))).Failure);
        }

        Assert.IsTrue(await resets.WaitAsync(TimeSpan.FromSeconds(60)));
        await using (EdgeInferenceStream left = client.OpenStream())
        {
            await left.SendAsync(Request(1));
        }

        Assert.IsTrue(await resets.WaitAsync(TimeSpan.FromSeconds(60)));
    }

    [TestMethod]
    public async Task A_cancelled_send_ends_the_stream_because_half_a_message_is_out()
    {
        await using KestrelDaemon daemon = await KestrelDaemon.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        using var client = new EdgeClient(daemon.SocketPath);
        await using EdgeInferenceStream stream = client.OpenStream();
        using var cancellation = new CancellationTokenSource(100);
        var large = new InferenceRequest("m", [new InputTensor("x", ElementType.UInt8, [8 << 20], new byte[8 << 20])]);
        await Assert.ThrowsAsync<OperationCanceledException>(() => stream.SendAsync(large, cancellation.Token));
        Assert.AreEqual(EdgeClientFailure.ConnectionLost, (await Assert.ThrowsExactlyAsync<EdgeClientException>(() => stream.SendAsync(Request(1)))).Failure);
    }

    [TestMethod]
    public async Task An_answer_that_nobody_asked_for_is_refused()
    {
        await using KestrelDaemon daemon = await KestrelDaemon.StartAsync(context => KestrelDaemon.AnswerAsync(context, Proto.Text(1, "hello")));
        using var client = new EdgeClient(daemon.SocketPath);
        await using EdgeInferenceStream stream = client.OpenStream();
        Assert.AreEqual(EdgeClientFailure.AnswerInvalid, (await Assert.ThrowsExactlyAsync<EdgeClientException>(() => ReadAsync(stream))).Failure);
    }

    private static InferenceRequest Request(byte value, Memory<byte> place = default) =>
        new("m", [new InputTensor("x", ElementType.UInt8, [1], new[] { value })]) { Id = $"id{value}", Outputs = [new RequestedOutput("y", place)] };

    private static async Task ReadAsync(EdgeInferenceStream stream)
    {
        await foreach (StreamedAnswer _ in stream.ReadAllAsync())
        {
        }
    }

    /// <summary>Each request's last byte is its answer; a zero is refused.</summary>
    private static async Task EchoAsync(HttpContext context)
    {
        context.Response.ContentType = "application/grpc";
        while (await KestrelDaemon.ReadAsync(context) is { } request)
        {
            byte value = request[^1];
            byte[] answer = value == 0
                ? Proto.Join(Proto.Text(1, "zero is refused"), Proto.Field(2, Proto.Text(3, "id0")))
                : Proto.Field(2, Proto.Text(1, "m"), Proto.Field(5, Proto.Text(1, "y"), Proto.Text(2, "UINT8"), Proto.Packed(3, 1)), Proto.Field(6, [value]));
            await context.Response.Body.WriteAsync(KestrelDaemon.Frame(answer));
            await context.Response.Body.FlushAsync();
        }

        context.Response.AppendTrailer("grpc-status", "0");
    }
}
