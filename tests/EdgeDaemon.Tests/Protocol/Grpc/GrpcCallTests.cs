using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Protocol.Grpc;

namespace EdgeDaemon.Tests.Protocol.Grpc;

/// <summary>What lies around the message: frames, deadlines, texts, paths.</summary>
[TestClass]
public sealed class GrpcCallTests
{
    [TestMethod]
    public void A_frames_prefix_is_read_and_written()
    {
        byte[] prefix = new byte[5];
        GrpcFrame.WritePrefix(prefix, 0x01020304);
        CollectionAssert.AreEqual((byte[])[0, 1, 2, 3, 4], prefix);
        Assert.AreEqual(0x01020304, GrpcFrame.ReadPrefix(prefix, int.MaxValue));
        Refuse.With(Refusal.HeadEncodingUnsupported, () => GrpcFrame.ReadPrefix([1, 0, 0, 0, 0], 10));
        Refuse.With(Refusal.HeadFrameInvalid, () => GrpcFrame.ReadPrefix([2, 0, 0, 0, 0], 10));
        Refuse.With(Refusal.BodyTooLarge, () => GrpcFrame.ReadPrefix([0, 0, 0, 0, 11], 10));
        Refuse.With(Refusal.BodyTooLarge, () => GrpcFrame.ReadPrefix([0, 0xff, 0xff, 0xff, 0xff], int.MaxValue));
    }

    [TestMethod]
    [DataRow("1H", 3_600_000)]
    [DataRow("2M", 120_000)]
    [DataRow("3S", 3000)]
    [DataRow("250m", 250)]
    [DataRow("5000u", 5)]
    [DataRow("99999999n", 99)]
    [DataRow("99999999H", int.MaxValue)]
    [DataRow("0m", 0)]
    public void Timeouts_are_read(string text, int milliseconds)
    {
        Assert.IsTrue(GrpcTimeout.TryParse(text, out TimeSpan timeout));
        Assert.AreEqual(milliseconds, (int)timeout.TotalMilliseconds);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("m")]
    [DataRow("1")]
    [DataRow("1s")]
    [DataRow("-1m")]
    [DataRow("+1m")]
    [DataRow(" 1m")]
    [DataRow("1.5S")]
    [DataRow("123456789m")]
    [DataRow("١m")]
    public void Other_timeouts_are_none(string text) => Assert.IsFalse(GrpcTimeout.TryParse(text, out _));

    [TestMethod]
    [DataRow(0, "1u")]
    [DataRow(1, "1000u")]
    [DataRow(99_999, "99999000u")]
    [DataRow(100_000, "100000m")]
    [DataRow(100_000_000, "100000S")]
    public void A_timeout_is_written_in_the_finest_unit_that_holds_it(int milliseconds, string text)
    {
        Assert.AreEqual(text, GrpcTimeout.Format(TimeSpan.FromMilliseconds(milliseconds)));
        Assert.IsTrue(GrpcTimeout.TryParse(text, out _));
    }

    [TestMethod]
    [DataRow("plain", "plain")]
    [DataRow("a b%25%0A%C3%A9~", "a b%\né~")]
    [DataRow("%c3%a9", "é")]
    [DataRow("100%", "100%")]
    [DataRow("%4", "%4")]
    [DataRow("%zz%41", "%zzA")]
    [DataRow("%FF", "\uFFFD")]
    public void Texts_are_decoded_whatever_they_are(string encoded, string text) => Assert.AreEqual(text, GrpcText.Decode(encoded));

    [TestMethod]
    public void Every_method_has_the_path_that_leads_to_it()
    {
        foreach (GrpcMethod method in Enum.GetValues<GrpcMethod>().Where(method => method != GrpcMethod.None))
        {
            Assert.AreEqual(method, GrpcMethods.Of(GrpcMethods.PathOf(method)));
        }
    }

    [TestMethod]
    public void Texts_are_percent_encoded() => Assert.AreEqual("a b%25%0A%C3%A9~", GrpcText.Encode("a b%\né~"));

    [TestMethod]
    [DataRow("/inference.GRPCInferenceService/ModelInfer", GrpcMethod.ModelInfer)]
    [DataRow("/grpc.health.v1.Health/Watch", GrpcMethod.HealthWatch)]
    [DataRow("/inference.GRPCInferenceService/modelInfer", GrpcMethod.None)]
    [DataRow("/inference.GRPCInferenceService/ModelInfer/", GrpcMethod.None)]
    [DataRow("/inference.GRPCInferenceService/ModelInfer?x", GrpcMethod.None)]
    [DataRow("/inference.GRPCInferenceService/RepositoryModelLoad", GrpcMethod.None)]
    [DataRow("/v2", GrpcMethod.None)]
    public void Paths_are_matched_letter_for_letter(string path, GrpcMethod method) => Assert.AreEqual(method, GrpcMethods.Of(path));

    [TestMethod]
    public void Small_requests_have_a_name_and_a_version_and_the_rest_is_skipped()
    {
        SmallRequest request = SmallRequest.Read(Proto.Join(Proto.Text(1, "old"), Proto.Number(9, 1), Proto.Text(2, "3"), Proto.Text(1, "m"), Proto.Number(2, 1)));
        Assert.AreEqual(new SmallRequest("m", "3"), request);
        Refuse.With(Refusal.HeadMalformedProtobuf, () => SmallRequest.Read([0x0a, 0x05, 0x61]));
    }
}
