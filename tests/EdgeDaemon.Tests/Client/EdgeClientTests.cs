using System.Buffers.Binary;
using System.Net;
using System.Text;
using System.Text.Json;
using EdgeDaemon.Client;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Client.Models;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;
using ModelDescription = EdgeDaemon.Client.Models.ModelDescription;

namespace EdgeDaemon.Tests.Client;

[TestClass]
public sealed class EdgeClientTests
{
    private const string Head =
        """{"model_name":"m","model_version":"3","id":"q","outputs":[{"name":"y","datatype":"FP32","shape":[1,2],"parameters":{"binary_data_size":8}}]}""";

    private static readonly byte[] TwoFloats = [.. BitConverter.GetBytes(1.5f), .. BitConverter.GetBytes(-2f)];

    [TestMethod]
    public async Task Sends_a_json_head_and_the_callers_bytes_behind_it()
    {
        using var daemon = new FakeDaemon(_ => FakeDaemon.Tensors(Head, TwoFloats));
        using var client = new EdgeClient(daemon.SocketPath);
        byte[] pixels = [1, 2, 3, 4, 5, 6];
        byte[] more = [9, 8];
        await client.InferAsync(new InferenceRequest(
            "a b/c", [new InputTensor("x", ElementType.UInt8, [1, 6], pixels), new InputTensor("z", ElementType.UInt16, [1], more)])
        {
            Id = "q",
            Version = "3",
            Outputs = ["y"],
        });

        FakeRequest request = daemon.Requests.Single();
        Assert.AreEqual("POST /v2/models/a%20b%2Fc/versions/3/infer HTTP/1.1", request.Line);
        string length = request.Headers.Split("\r\n").Single(h => h.StartsWith("Inference-Header-Content-Length: ", StringComparison.Ordinal));
        int headLength = int.Parse(length[33..]);
        CollectionAssert.AreEqual((byte[])[.. pixels, .. more], request.Body[headLength..]);
        using JsonDocument head = JsonDocument.Parse(request.Body.AsMemory(0, headLength));
        Assert.AreEqual("q", head.RootElement.GetProperty("id").GetString());
        Assert.IsTrue(head.RootElement.GetProperty("parameters").GetProperty("binary_data_output").GetBoolean());
        JsonElement input = head.RootElement.GetProperty("inputs")[0];
        Assert.AreEqual("x", input.GetProperty("name").GetString());
        Assert.AreEqual("UINT8", input.GetProperty("datatype").GetString());
        Assert.AreEqual("[1,6]", input.GetProperty("shape").GetRawText());
        Assert.AreEqual(6, input.GetProperty("parameters").GetProperty("binary_data_size").GetInt32());
        Assert.AreEqual("y", head.RootElement.GetProperty("outputs")[0].GetProperty("name").GetString());
    }

    [TestMethod]
    public async Task Gives_the_outputs_as_they_came()
    {
        using var daemon = new FakeDaemon(_ => FakeDaemon.Tensors(Head, TwoFloats));
        using var client = new EdgeClient(daemon.SocketPath);
        InferenceAnswer answer = await client.InferAsync(OneFloat());

        Assert.AreEqual(("m", "3", "q"), (answer.Model, answer.Version, answer.Id));
        CollectionAssert.AreEqual((float[])[1.5f, -2f], answer["y"].ToFloats());
        CollectionAssert.AreEqual((long[])[1, 2], answer["y"].Shape.ToArray());
        Assert.ThrowsExactly<KeyNotFoundException>(() => answer["nothing"]);
    }

    [TestMethod]
    public async Task Outputs_are_received_in_the_callers_buffers()
    {
        using var daemon = new FakeDaemon(_ => FakeDaemon.Tensors(Head, TwoFloats));
        using var client = new EdgeClient(daemon.SocketPath);
        byte[] buffer = new byte[16];
        InferenceAnswer answer = await client.InferAsync(OneFloat() with { Outputs = [new RequestedOutput("y", buffer)] });
        CollectionAssert.AreEqual((byte[])[.. TwoFloats, 0, 0, 0, 0, 0, 0, 0, 0], buffer);
        Assert.IsTrue(answer["y"].Bytes.Span.Overlaps(buffer));
        Assert.AreEqual(8, answer["y"].Bytes.Length);

        EdgeClientException error = await Assert.ThrowsExactlyAsync<EdgeClientException>(
            () => client.InferAsync(OneFloat() with { Outputs = [new RequestedOutput("y", new byte[7])] }));
        Assert.AreEqual(EdgeClientFailure.BufferTooSmall, error.Failure);
    }

    [TestMethod]
    public async Task A_chunked_answer_is_received_as_well_and_one_that_ends_early_is_refused()
    {
        string start = $"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nInference-Header-Content-Length: {Head.Length}\r\n\r\n{Head.Length:x}\r\n{Head}\r\n";
        foreach (int size in new[] { 8, 7 })
        {
            byte[] chunk = [.. Encoding.ASCII.GetBytes($"{start}{size:x}\r\n"), .. TwoFloats[..size], .. "\r\n0\r\n\r\n"u8];
            using var daemon = new FakeDaemon(_ => chunk);
            using var client = new EdgeClient(daemon.SocketPath);
            if (size == 8)
            {
                CollectionAssert.AreEqual((float[])[1.5f, -2f], (await client.InferAsync(OneFloat()))["y"].ToFloats());
                continue;
            }

            EdgeClientException error = await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.InferAsync(OneFloat()));
            Assert.AreEqual(EdgeClientFailure.AnswerInvalid, error.Failure);
        }
    }

    [TestMethod]
    public async Task Statistics_and_the_index_are_read()
    {
        const string Statistics =
            """{"model_stats":[{"name":"m","version":"3","last_inference":5,"inference_count":6,"execution_count":7,"inference_stats":{"success":{"count":8,"ns":9},"queue":{"count":10,"ns":0}},"batch_stats":[]}]}""";
        using var daemon = new FakeDaemon(request => FakeDaemon.Json(
            request.Line.Contains("stats", StringComparison.Ordinal) ? Statistics : """[{"name":"m","version":"3","state":"READY","reason":""}]"""));
        using var client = new EdgeClient(daemon.SocketPath);
        ModelStatistics model = (await client.StatisticsAsync("m")).Single();
        Assert.AreEqual(("m", "3", 5UL, 6UL, 7UL), (model.Name, model.Version, model.LastInference, model.InferenceCount, model.ExecutionCount));
        Assert.AreEqual((new StatisticDuration(8, 9), new StatisticDuration(10, 0)), (model.Success, model.Queue));
        Assert.AreEqual(new ModelIndexEntry("m", "3", "READY", ""), (await client.ListModelsAsync()).Single());
        Assert.HasCount(1, await client.StatisticsAsync());
        CollectionAssert.AreEqual(
            (string[])["GET /v2/models/m/stats HTTP/1.1", "POST /v2/repository/index HTTP/1.1", "GET /v2/models/stats HTTP/1.1"],
            daemon.Requests.Select(request => request.Line).ToArray());
    }

    [TestMethod]
    [DataRow("""{"model_name":"m","outputs":[{"name":"y","datatype":"FP32","shape":[1,2],"parameters":{"binary_data_size":4}}]}""", DisplayName = "a size that the shape does not give")]
    [DataRow("""{"model_name":"m","outputs":[{"name":"y","datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":9}}]}""", DisplayName = "beyond the body")]
    [DataRow("""{"model_name":"m","outputs":[{"name":"y","datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":-1}}]}""", DisplayName = "negative")]
    [DataRow("""{"model_name":"m","outputs":[{"name":"y","datatype":"FP32","shape":[1]}]}""", DisplayName = "not binary")]
    [DataRow("""{"model_name":"m","outputs":[{"name":"y","datatype":"FP33","shape":[1],"parameters":{"binary_data_size":8}}]}""", DisplayName = "unknown type")]
    [DataRow("""{"model_name":"m","outputs":[{"name":"y","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":4}},{"name":"y","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":4}}]}""", DisplayName = "an output twice")]
    [DataRow("""{"model_name":"m","outputs":[]}""", DisplayName = "bytes behind the last output")]
    [DataRow("""{"model_name":"m"}""", DisplayName = "no outputs")]
    [DataRow("""{"model_name":"m","outputs":[{"name":"y","name":"y","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":8}}]}""", DisplayName = "a key twice")]
    [DataRow("null")]
    [DataRow("[")]
    public async Task Refuses_an_answer_that_breaks_the_protocol(string head)
    {
        using var daemon = new FakeDaemon(_ => FakeDaemon.Tensors(head, TwoFloats));
        using var client = new EdgeClient(daemon.SocketPath);
        EdgeClientException error = await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.InferAsync(OneFloat()));
        Assert.AreEqual(EdgeClientFailure.AnswerInvalid, error.Failure);
    }

    [TestMethod]
    public async Task A_head_length_beyond_the_answer_or_not_a_number_is_refused()
    {
        foreach (string length in new[] { "1000", "-1", "x", "99999999999" })
        {
            using var daemon = new FakeDaemon(_ => FakeDaemon.Raw("{}"u8.ToArray(), headers: $"Inference-Header-Content-Length: {length}\r\n"));
            using var client = new EdgeClient(daemon.SocketPath);
            EdgeClientException error = await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.InferAsync(OneFloat()));
            Assert.AreEqual(EdgeClientFailure.AnswerInvalid, error.Failure, length);
        }
    }

    [TestMethod]
    public async Task A_refusal_carries_status_public_text_and_request_id()
    {
        using var daemon = new FakeDaemon(_ => FakeDaemon.Json("""{"error":"no such model (request 01abc-7)"}""", "404 Not Found"));
        using var client = new EdgeClient(daemon.SocketPath);
        EdgeClientException error = await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.InferAsync(OneFloat()));

        Assert.AreEqual(EdgeClientFailure.Refused, error.Failure);
        Assert.AreEqual(HttpStatusCode.NotFound, error.Status);
        Assert.AreEqual("no such model", error.PublicText);
        Assert.AreEqual("01abc-7", error.RequestId);
        Assert.AreEqual("404: no such model (request 01abc-7)", error.Message);
    }

    [TestMethod]
    public async Task A_refusal_in_another_form_is_still_a_refusal()
    {
        using var daemon = new FakeDaemon(_ => FakeDaemon.Raw("<html>"u8.ToArray(), "502 Bad Gateway"));
        using var client = new EdgeClient(daemon.SocketPath);
        EdgeClientException error = await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.InferAsync(OneFloat()));
        Assert.AreEqual((HttpStatusCode.BadGateway, "HTTP status 502"), (error.Status, error.PublicText));
    }

    [TestMethod]
    public async Task A_large_body_refused_by_its_head_keeps_the_reason()
    {
        using var daemon = new FakeDaemon(_ => FakeDaemon.Json("""{"error":"too large"}""", "413 Content Too Large")) { AnswersWithoutReadingTheBody = true };
        using var client = new EdgeClient(daemon.SocketPath);
        var request = new InferenceRequest("m", [new InputTensor("x", ElementType.UInt8, [1, 32 << 20], new byte[32 << 20])]);
        EdgeClientException error = await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.InferAsync(request));
        Assert.AreEqual((HttpStatusCode)413, error.Status);
        Assert.AreEqual("too large", error.PublicText);
    }

    [TestMethod]
    public async Task A_large_body_arrives_whole_after_the_daemons_consent()
    {
        byte[] pixels = new byte[3 << 20];
        new Random(1).NextBytes(pixels);
        using var daemon = new FakeDaemon(_ => FakeDaemon.Tensors(Head, TwoFloats));
        using var client = new EdgeClient(daemon.SocketPath);
        await client.InferAsync(new InferenceRequest("m", [new InputTensor("x", ElementType.UInt8, [1, pixels.Length], pixels)]));
        Assert.IsTrue(daemon.Requests.Single().Body.AsSpan().EndsWith(pixels));
    }

    [TestMethod]
    public async Task A_missing_socket_is_unreachable_and_says_so()
    {
        using var client = new EdgeClient("/nonexistent/edged.sock");
        EdgeClientException error = await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.IsLiveAsync());
        Assert.AreEqual(EdgeClientFailure.Unreachable, error.Failure);
        StringAssert.Contains(error.Message, "/nonexistent/edged.sock");
        Assert.ThrowsExactly<EdgeClientException>(() => new EdgeClient(new string('a', 108)));
    }

    [TestMethod]
    public async Task The_deadline_is_a_failure_and_cancellation_is_not()
    {
        using var hold = new ManualResetEventSlim();
        using var daemon = new FakeDaemon(_ =>
        {
            hold.Wait(10_000);
            return null;
        });
        using var client = new EdgeClient(daemon.SocketPath);
        EdgeClientException error = await Assert.ThrowsExactlyAsync<EdgeClientException>(
            () => client.InferAsync(OneFloat() with { Deadline = TimeSpan.FromMilliseconds(50) }));
        Assert.AreEqual(EdgeClientFailure.DeadlinePassed, error.Failure);

        using var cancellation = new CancellationTokenSource(50);
        await Assert.ThrowsAsync<OperationCanceledException>(() => client.InferAsync(OneFloat(), cancellation.Token));
        hold.Set();
    }

    [TestMethod]
    public async Task An_answer_cut_off_is_a_lost_connection()
    {
        foreach (string answer in new[] { "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "", "nonsense\r\n\r\n" })
        {
            using var daemon = new FakeDaemon(_ => Encoding.ASCII.GetBytes(answer));
            using var client = new EdgeClient(daemon.SocketPath);
            EdgeClientException error = await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.InferAsync(OneFloat()));
            Assert.AreEqual(EdgeClientFailure.ConnectionLost, error.Failure, answer);
        }
    }

    [TestMethod]
    public async Task An_answer_above_the_limit_is_refused_announced_or_not()
    {
        byte[] chunked = Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n" + new string('x', 32) + "\r\n0\r\n\r\n");
        foreach (byte[] answer in new[] { FakeDaemon.Raw(new byte[32]), chunked })
        {
            using var daemon = new FakeDaemon(_ => answer);
            using var client = new EdgeClient(daemon.SocketPath, new EdgeClientOptions { MaxAnswerBytes = 31 });
            EdgeClientException error = await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.InferJsonAsync("m", "{}"u8.ToArray()));
            Assert.AreEqual(EdgeClientFailure.AnswerInvalid, error.Failure);

            using var enough = new EdgeClient(daemon.SocketPath, new EdgeClientOptions { MaxAnswerBytes = 32 });
            Assert.AreEqual(32, (await enough.InferJsonAsync("m", "{}"u8.ToArray())).Length);
        }
    }

    [TestMethod]
    public async Task A_model_is_described_by_metadata_and_config_together()
    {
        using var daemon = new FakeDaemon(request => FakeDaemon.Json(request.Line.Contains("/config", StringComparison.Ordinal)
            ? """
              {"name":"m","max_batch_size":0,"input":[{"name":"x","data_type":"TYPE_UINT8","format":"FORMAT_NCHW","dims":[-1,1,8,8]}],
               "parameters":{"labels":{"string_value":"zero\n\none\n"}}}
              """
            : """
              {"name":"m","versions":["1"],"platform":"onnxruntime_onnx",
               "inputs":[{"name":"x","datatype":"UINT8","shape":[-1,1,8,8]},{"name":"k","datatype":"INT64","shape":[]}],
               "outputs":[{"name":"y","datatype":"FP32","shape":[-1,2]}]}
              """));
        using var client = new EdgeClient(daemon.SocketPath);
        ModelDescription model = await client.DescribeModelAsync("m");

        Assert.AreEqual(ImageFormat.Nchw, model.Inputs[0].Format);
        Assert.AreEqual(ElementType.UInt8, model.Inputs[0].Contract.Type);
        CollectionAssert.AreEqual((long[])[-1, 1, 8, 8], model.Inputs[0].Contract.Shape.ToArray());
        Assert.AreEqual(ImageFormat.None, model.Inputs[1].Format);
        CollectionAssert.AreEqual((string[])["zero", "", "one"], model.Labels.ToArray());
        Assert.AreEqual("y", model.Outputs[0].Name);
    }

    [TestMethod]
    public async Task Readiness_is_an_answer_and_never_an_error()
    {
        using var daemon = new FakeDaemon(request => request.Line.Contains("live", StringComparison.Ordinal)
            ? FakeDaemon.Raw([])
            : FakeDaemon.Raw([], "503 Service Unavailable"));
        using var client = new EdgeClient(daemon.SocketPath);
        Assert.IsTrue(await client.IsLiveAsync());
        Assert.IsFalse(await client.IsReadyAsync());
        Assert.IsFalse(await client.IsModelReadyAsync("m"));
    }

    [TestMethod]
    public async Task A_model_name_never_leads_to_another_resource()
    {
        using var client = new EdgeClient("/nonexistent");
        foreach (string name in new[] { "", ".", ".." })
        {
            await Assert.ThrowsExactlyAsync<ArgumentException>(() => client.InferJsonAsync(name, default));
        }
    }

    [TestMethod]
    public async Task Little_endian_bytes_are_what_floats_become()
    {
        InputTensor input = InputTensor.OfFloats("x", [1], [1.5f]);
        Assert.AreEqual(1.5f, BinaryPrimitives.ReadSingleLittleEndian(input.Bytes.Span));
        await Task.CompletedTask;
    }

    private static InferenceRequest OneFloat() => new("m", [InputTensor.OfFloats("x", [1, 1], [1f])]);
}
