using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Protocol.Grpc;
using static EdgeDaemon.Tests.Protocol.Grpc.Proto;

namespace EdgeDaemon.Tests.Protocol.Grpc;

[TestClass]
public sealed class ProtobufFieldTests
{
    [TestMethod]
    public void The_beginning_of_a_field_is_its_tag_and_its_length_or_value()
    {
        Assert.AreEqual(new ProtobufField(6, true, 300, 3), ProtobufField.Read([.. Tag(6, 2), .. Varint(300), 1, 2, 3]));
        Assert.AreEqual(new ProtobufField(1, false, ulong.MaxValue, 11), ProtobufField.Read(Number(1, ulong.MaxValue)));
        Assert.AreEqual(new ProtobufField(20, false, 0x0807060504030201, 10), ProtobufField.Read([.. Tag(20, 1), 1, 2, 3, 4, 5, 6, 7, 8]));
        Assert.AreEqual(new ProtobufField(2, false, 0x04030201, 5), ProtobufField.Read([.. Tag(2, 5), 1, 2, 3, 4]));
        byte[] widest = [.. Tag((1 << 29) - 1, 2), .. Varint(ulong.MaxValue)];
        Assert.IsLessThanOrEqualTo(ProtobufField.MostBytes, widest.Length);
        Assert.AreEqual(widest.Length, ProtobufField.Read(widest).Size);
    }

    [TestMethod]
    public void What_is_no_beginning_is_refused()
    {
        foreach (byte[] bytes in new[] { Array.Empty<byte>(), Tag(0, 0), Tag(1, 3), Tag(1, 4), Tag(1, 6), Tag(1, 0), Tag(1, 2), [.. Tag(1, 1), 1, 2, 3], [.. Tag(1, 5), 1], [.. Enumerable.Repeat((byte)0xFF, 20)] })
        {
            Refuse.With(Refusal.HeadMalformedProtobuf, () => ProtobufField.Read(bytes));
        }
    }
}
