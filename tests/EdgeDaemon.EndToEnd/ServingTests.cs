using System.Globalization;
using System.Text;
using System.Text.Json;

namespace EdgeDaemon.EndToEnd;

[TestClass]
public sealed class ServingTests
{
    private static Daemon _daemon = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext _) =>
        _daemon = await Daemon.StartAsync("", "digits/digits-s25", "bench/bench-mlp", "bench/bench-cnn");

    [ClassCleanup]
    public static async Task StopAsync() => await _daemon.DisposeAsync();

    [TestMethod]
    public void HeldOutDigits_AreRecognised_AndJsonAndBinaryAnswersAreBitEqual()
    {
        using HttpConnection connection = _daemon.Connect();
        const int Batch = 54;
        int right = 0, asked = 0;
        Assert.IsGreaterThanOrEqualTo(200, Digits.Truth.Length);
        for (int first = 0; first + Batch <= Digits.Truth.Length; first += Batch)
        {
            float[] json = Digits.JsonLogits(Ok(connection.Ask(Digits.Infer("digits", Digits.Json(first, Batch)))));
            float[] binary = Digits.BinaryLogits(Ok(connection.Ask(Digits.Binary(first, Batch))));
            CollectionAssert.AreEqual(binary.Select(BitConverter.SingleToInt32Bits).ToArray(), json.Select(BitConverter.SingleToInt32Bits).ToArray());
            for (int i = 0; i < Batch; i++, asked++)
            {
                right += Best(binary.AsSpan(i * 10, 10)) == Digits.Truth[first + i] ? 1 : 0;
            }
        }

        Assert.IsGreaterThanOrEqualTo(200, asked);
        Assert.IsGreaterThanOrEqualTo(0.97, (double)right / asked, $"{right} of {asked}");
    }

    [TestMethod]
    public void AnswerOfABatch_EqualsTheAnswersOfItsImages()
    {
        using HttpConnection connection = _daemon.Connect();
        float[] together = Digits.BinaryLogits(Ok(connection.Ask(Digits.Binary(7, 5))));
        Assert.HasCount(50, together);
        for (int i = 0; i < 5; i++)
        {
            float[] alone = Digits.BinaryLogits(Ok(connection.Ask(Digits.Binary(7 + i, 1))));
            for (int k = 0; k < 10; k++)
            {
                Assert.AreEqual(alone[k], together[(i * 10) + k], 1e-4f);
            }
        }
    }

    [TestMethod]
    public void Answer_NamesModelVersionIdAndEveryOutput()
    {
        using HttpConnection connection = _daemon.Connect();
        HttpAnswer answer = Ok(connection.Ask(Digits.Infer("digits", Digits.Json(0, 5, ""","id":"a \"quoted\" idä" """))));
        JsonElement json = answer.Json;
        Assert.AreEqual("application/json", answer.Headers["Content-Type"]);
        Assert.AreEqual("digits", json.GetProperty("model_name").GetString());
        Assert.AreEqual("1", json.GetProperty("model_version").GetString());
        Assert.AreEqual("a \"quoted\" idä", json.GetProperty("id").GetString());
        JsonElement output = json.GetProperty("outputs").EnumerateArray().Single();
        Assert.AreEqual("logits", output.GetProperty("name").GetString());
        Assert.AreEqual("FP32", output.GetProperty("datatype").GetString());
        Assert.AreEqual("[5,10]", output.GetProperty("shape").GetRawText());
        Assert.AreEqual(50, output.GetProperty("data").GetArrayLength());
    }

    [TestMethod]
    public void NestedData_MeansTheSameAsFlatData()
    {
        using HttpConnection connection = _daemon.Connect();
        string rows = string.Join(',', Enumerable.Range(0, 8).Select(row => $"[{string.Join(',', Digits.Images.AsSpan(row * 8, 8).ToArray())}]"));
        string nested = $$"""{"inputs":[{"name":"image","datatype":"UINT8","shape":[1,1,8,8],"data":[[[{{rows}}]]]}]}""";
        CollectionAssert.AreEqual(
            Digits.JsonLogits(Ok(connection.Ask(Digits.Infer("digits", Digits.Json(0, 1))))),
            Digits.JsonLogits(Ok(connection.Ask(Digits.Infer("digits", Encoding.UTF8.GetBytes(nested))))));
    }

    [TestMethod]
    public void RequestedOutput_OverridesTheRequestsOwnDefault()
    {
        using HttpConnection connection = _daemon.Connect();
        float[] expected = Digits.JsonLogits(Ok(connection.Ask(Digits.Infer("digits", Digits.Json(3, 1)))));

        HttpAnswer json = Ok(connection.Ask(Digits.Infer("digits", Digits.Json(3, 1,
            ""","parameters":{"binary_data_output":true},"outputs":[{"name":"logits","parameters":{"binary_data":false}}]"""))));
        Assert.IsFalse(json.Headers.ContainsKey("Inference-Header-Content-Length"));
        CollectionAssert.AreEqual(expected, Digits.JsonLogits(json));

        HttpAnswer binary = Ok(connection.Ask(Digits.Infer("digits", Digits.Json(3, 1, ""","outputs":[{"name":"logits","parameters":{"binary_data":true}}]"""))));
        Assert.AreEqual("application/octet-stream", binary.Headers["Content-Type"]);
        JsonElement output = binary.Json.GetProperty("outputs")[0];
        Assert.AreEqual(40, output.GetProperty("parameters").GetProperty("binary_data_size").GetInt32());
        Assert.IsFalse(output.TryGetProperty("data", out JsonElement _));
        CollectionAssert.AreEqual(expected, Digits.BinaryLogits(binary));
    }

    [TestMethod]
    public void BinaryOutputOfNoElements_HasItsHeadsLength_LikeAnyOther()
    {
        // Clients look for the tensors of an answer behind the length that the header gives; without the header all of it is JSON.
        using HttpConnection connection = _daemon.Connect();
        const string Head = """{"inputs":[{"name":"x","datatype":"FP32","shape":[ROWS,16],"parameters":{"binary_data_size":SIZE}}],"parameters":{"binary_data_output":true}}""";
        foreach (int rows in (int[])[0, 1, 0])
        {
            string head = Head.Replace("ROWS", rows.ToString(CultureInfo.InvariantCulture)).Replace("SIZE", (64 * rows).ToString(CultureInfo.InvariantCulture));
            HttpAnswer answer = Ok(connection.Ask(Digits.Infer("bench-mlp", Encoding.UTF8.GetBytes(head), new byte[64 * rows])));
            JsonElement output = answer.Json.GetProperty("outputs")[0];
            Assert.AreEqual($"[{rows},4]", output.GetProperty("shape").GetRawText());
            Assert.AreEqual(16 * rows, output.GetProperty("parameters").GetProperty("binary_data_size").GetInt32());
            Assert.AreEqual("application/octet-stream", answer.Headers["Content-Type"]);
            Assert.AreEqual((answer.Body.Length - (16 * rows)).ToString(CultureInfo.InvariantCulture), answer.Headers["Inference-Header-Content-Length"]);
        }
    }

    [TestMethod]
    public void RawRequest_IsTheOneInputsBytes()
    {
        using HttpConnection connection = _daemon.Connect();
        byte[] image = Digits.Images.AsSpan(5 * Digits.Pixels, Digits.Pixels).ToArray();
        HttpAnswer raw = Ok(connection.Ask(HttpConnection.Request("POST", "/v2/models/digits/infer", image, "Inference-Header-Content-Length: 0")));
        CollectionAssert.AreEqual(Digits.BinaryLogits(Ok(connection.Ask(Digits.Binary(5, 1)))), Digits.BinaryLogits(raw));
    }

    [TestMethod]
    public void ChunkedRequest_IsReadLikeAnyOther()
    {
        using HttpConnection connection = _daemon.Connect();
        byte[] json = Digits.Json(2, 1);
        string half = Encoding.UTF8.GetString(json, 0, 30), rest = Encoding.UTF8.GetString(json, 30, json.Length - 30);
        string chunks = string.Create(CultureInfo.InvariantCulture, $"{half.Length:x}\r\n{half}\r\n{rest.Length:x}\r\n{rest}\r\n0\r\n\r\n");
        HttpAnswer answer = Ok(connection.Ask(HttpConnection.Request("POST", "/v2/models/digits/infer", Encoding.UTF8.GetBytes(chunks), "Transfer-Encoding: chunked")));
        CollectionAssert.AreEqual(Digits.JsonLogits(Ok(connection.Ask(Digits.Infer("digits", json)))), Digits.JsonLogits(answer));
    }

    [TestMethod]
    public void Model_IsFoundByItsVersionAndByNoOther()
    {
        using HttpConnection connection = _daemon.Connect();
        Ok(connection.Ask(HttpConnection.Request("POST", "/v2/models/digits/versions/1/infer", Digits.Json(0, 1))));
        Ok(connection.Get("/v2/models/digits/versions/1"));
        Refused(connection.Get("/v2/models/digits/versions/2"), 404, "model version not found");
        Refused(connection.Get("/v2/models/digits/versions/2/ready"), 404, "model version not found");
        Refused(connection.Ask(HttpConnection.Request("POST", "/v2/models/digits/versions/2/infer", Digits.Json(0, 1))), 404, "model version not found");
    }

    [TestMethod]
    public void UnknownModel_Is404_OnEveryModelRoute()
    {
        using HttpConnection connection = _daemon.Connect();
        foreach (string route in new[] { "", "/ready", "/config" })
        {
            Refused(connection.Get($"/v2/models/nobody{route}"), 404, "model not found");
        }

        Refused(connection.Ask(Digits.Infer("nobody", Digits.Json(0, 1))), 404, "model not found");
        Refused(connection.Get("/v2/models/digits/nothing"), 404, "no such endpoint");
        Refused(connection.Get("/"), 404, "no such endpoint");
    }

    [TestMethod]
    public void Bodies_OfHealthAndMetadata_AreAsTheProtocolSays()
    {
        using HttpConnection connection = _daemon.Connect();
        Assert.AreEqual("""{"live":true}""", Ok(connection.Get("/v2/health/live")).Text);
        Assert.AreEqual("""{"live":true}""", Ok(connection.Get("/v2/health/ready")).Text);
        Assert.AreEqual("""{"name":"digits","ready":true}""", Ok(connection.Get("/v2/models/digits/ready")).Text);

        JsonElement server = Ok(connection.Get("/v2")).Json;
        Assert.AreEqual("edged", server.GetProperty("name").GetString());
        CollectionAssert.AreEqual(
            (string[])["binary_tensor_data", "model_configuration", "parameters", "schedule_policy", "statistics"], server.GetProperty("extensions").EnumerateArray().Select(value => value.GetString()).ToArray());

        Assert.AreEqual(
            """{"name":"digits","versions":["1"],"platform":"onnxruntime_onnx","inputs":[{"name":"image","datatype":"UINT8","shape":[-1,1,8,8]}],"outputs":[{"name":"logits","datatype":"FP32","shape":[-1,10]}]}""",
            Ok(connection.Get("/v2/models/digits")).Text);

        JsonElement config = Ok(connection.Get("/v2/models/digits/config")).Json;
        Assert.AreEqual("digits", config.GetProperty("name").GetString());
        Assert.AreEqual(0, config.GetProperty("max_batch_size").GetInt32());
        Assert.AreEqual("TYPE_UINT8", config.GetProperty("input")[0].GetProperty("data_type").GetString());
        Assert.AreEqual("[-1,1,8,8]", config.GetProperty("input")[0].GetProperty("dims").GetRawText());
        Assert.AreEqual("TYPE_FP32", config.GetProperty("output")[0].GetProperty("data_type").GetString());
    }

    [TestMethod]
    public void RepositoryIndex_ListsWhatServes()
    {
        using HttpConnection connection = _daemon.Connect();
        string?[] names = [.. Ok(connection.Ask(HttpConnection.Request("POST", "/v2/repository/index"))).Json.EnumerateArray().Select(model => model.GetProperty("name").GetString())];
        CollectionAssert.AreEquivalent(new[] { "digits", "bench-mlp", "bench-cnn" }, names);
    }

    [TestMethod]
    public void WrongMethod_Is405_AndAllowNamesTheRightOnes()
    {
        using HttpConnection connection = _daemon.Connect();
        HttpAnswer infer = connection.Get("/v2/models/digits/infer");
        Refused(infer, 405, "method not allowed for this endpoint");
        Assert.AreEqual("POST", infer.Headers["Allow"]);
        HttpAnswer live = connection.Ask(HttpConnection.Request("DELETE", "/v2/health/live"));
        Refused(live, 405, "method not allowed for this endpoint");
        Assert.AreEqual("GET, HEAD", live.Headers["Allow"]);
        Refused(connection.Ask(HttpConnection.Request("POST", "/v2", "{}"u8)), 405, "method not allowed for this endpoint");
    }

    [TestMethod]
    public void Head_IsGetWithoutItsBody()
    {
        using HttpConnection connection = _daemon.Connect();
        foreach (string route in new[] { "/v2", "/v2/health/live", "/v2/models/digits", "/v2/models/digits/config" })
        {
            HttpAnswer get = Ok(connection.Get(route));
            HttpAnswer head = connection.Ask(HttpConnection.Request("HEAD", route), head: true);
            Assert.AreEqual(200, head.Status);
            Assert.AreEqual(get.Headers["Content-Length"], head.Headers["Content-Length"]);
        }
    }

    [TestMethod]
    public void PipelinedRequests_AreAnsweredInTheirOrder()
    {
        using HttpConnection connection = _daemon.Connect();
        byte[][] requests = [.. Enumerable.Range(0, 20).Select(i => Digits.Infer("digits", Digits.Json(i, 1, $$""","id":"{{i}}" """)))];
        connection.Send(requests.SelectMany(request => request).ToArray());
        for (int i = 0; i < requests.Length; i++)
        {
            Assert.AreEqual(i.ToString(CultureInfo.InvariantCulture), Ok(connection.Read()!).Json.GetProperty("id").GetString());
        }
    }

    [TestMethod]
    public async Task ManyClientsAtOnce_EachGetTheirOwnAnswer()
    {
        float[][] expected = [.. Enumerable.Range(0, 8).Select(image =>
        {
            using HttpConnection connection = _daemon.Connect();
            return Digits.BinaryLogits(Ok(connection.Ask(Digits.Binary(image, 1))));
        })];
        await Task.WhenAll(Enumerable.Range(0, 8).Select(image => Task.Run(() =>
        {
            using HttpConnection connection = _daemon.Connect();
            for (int round = 0; round < 50; round++)
            {
                CollectionAssert.AreEqual(expected[image], Digits.BinaryLogits(Ok(connection.Ask(Digits.Binary(image, 1)))));
            }
        })));
    }

    private static HttpAnswer Ok(HttpAnswer answer)
    {
        Assert.AreEqual(200, answer.Status, answer.Text);
        return answer;
    }

    private static void Refused(HttpAnswer answer, int status, string text)
    {
        Assert.AreEqual(status, answer.Status, answer.Text);
        Assert.AreEqual(text, answer.Error);
        Assert.IsFalse(answer.Closes, "a refusal of a whole request keeps the connection");
    }

    private static int Best(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            best = logits[i] > logits[best] ? i : best;
        }

        return best;
    }
}
