using static EdgeDaemon.EndToEnd.BadRequest;
using static EdgeDaemon.EndToEnd.RefusingDaemon;

namespace EdgeDaemon.EndToEnd;

/// <summary>Heads that are no JSON, too deep, or not the members that the protocol names.</summary>
[TestClass]
public sealed class RefusedJsonTests
{
    [ClassInitialize]
    public static Task StartAsync(TestContext _) => RefusingDaemon.StartAsync();

    [TestCleanup]
    public void StillServes_InBoundedMemory() => CheckServing();

    [TestMethod]
    [DataRow(100)]
    [DataRow(400_000)]
    public void DeepJson_IsRefused(int depth) =>
        Refused(400, "the JSON of the request is nested too deeply", Json($$"""{"x":{{new string('[', depth)}}{{new string(']', depth)}},"inputs":[]}"""));

    [TestMethod]
    public void DeepData_IsRefused()
    {
        using HttpConnection connection = Connect();
        HttpAnswer answer = connection.Ask(Mlp(new string('[', 10_000) + new string(']', 10_000)));
        Assert.AreEqual(400, answer.Status);
        Assert.IsTrue(answer.Error is "the JSON of the request is nested too deeply" or "the number of elements does not match the input shape", answer.Error);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("{")]
    [DataRow("nothing")]
    [DataRow("""{"inputs":[}""")]
    [DataRow("""{"inputs":[],}""")]
    [DataRow("{\"inputs\":[{\"name\":\"\u0001\"}]}")]
    public void TextThatIsNoJson_IsRefused(string json) => Refused(400, "the request is not valid JSON", Json(json));

    [TestMethod]
    public void BytesThatAreNoUtf8_AreRefused()
    {
        using HttpConnection connection = Connect();
        HttpAnswer answer = connection.Ask(Post("digits", [.. """{"id":"""u8, (byte)'"', 0xC3, 0x28, 0xFF, (byte)'"', .. ""","inputs":[]}"""u8]));
        Assert.AreEqual(400, answer.Status);
        Assert.IsNotEmpty(answer.Error);
    }

    [TestMethod]
    public void MemberGivenTwice_IsRefused() =>
        Refused(400, "a member appears twice in the JSON of the request", Json("""{"inputs":[],"inputs":[]}"""));

    [TestMethod]
    [DataRow("{}")]
    [DataRow("""{"inputs":[{"datatype":"UINT8","shape":[1,1,8,8],"data":[0]}]}""")]
    public void MissingMember_IsRefused(string json) => Refused(400, "a required member of the request is missing", Json(json));

    [TestMethod]
    [DataRow("[]")]
    [DataRow("""{"inputs":{}}""")]
    [DataRow("""{"inputs":[{"name":1,"datatype":"UINT8","shape":[1],"data":[0]}]}""")]
    public void MemberOfAnotherJsonType_IsRefused(string json) => Refused(400, "a member of the request has the wrong JSON type", Json(json));

    [TestMethod]
    public void TooManyInputs_AreRefused()
    {
        string inputs = string.Join(',', Enumerable.Range(0, 1000).Select(i => $$"""{"name":"{{i}}","datatype":"UINT8","shape":[1],"data":[0]}"""));
        Refused(400, "too many tensors in one request", Json($$"""{"inputs":[{{inputs}}]}"""));
    }
}
