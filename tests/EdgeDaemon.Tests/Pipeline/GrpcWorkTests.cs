using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Pipeline;
using EdgeDaemon.Tests.Protocol.Grpc;

namespace EdgeDaemon.Tests.Pipeline;

[TestClass]
public sealed class GrpcWorkTests
{
    private static readonly byte[] Message = Proto.Join(
        Proto.Text(1, "m"), Proto.Text(3, "id"), Proto.Field(4, Proto.Text(1, "p"), Proto.Field(2, Proto.Number(2, 5))), Proto.Input("a", "UINT8", [2, 8]), Proto.Input("b", "FP32", [1]),
        Proto.Field(6, Proto.Text(1, "y")), Proto.Field(7, new byte[16]), Proto.Field(7, new byte[4]));

    [TestMethod]
    public void After_the_first_messages_another_allocates_nothing()
    {
        using var pool = new TensorBlockPool(1 << 20);
        var work = new GrpcWork();
        var request = new InferRequest();
        for (int i = 0; i < 100; i++)
        {
            Read(work, request, pool);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            Read(work, request, pool);
        }

        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [TestMethod]
    public void Tensor_memory_is_held_until_the_end_and_then_zeroed_and_given_back()
    {
        using var pool = new TensorBlockPool(1 << 20);
        var work = new GrpcWork();
        var request = new InferRequest();
        work.Open(pool, 1 << 20);
        byte[] secret = Proto.Join(Proto.Input("a", "UINT8", [64]), Proto.Field(7, [.. Enumerable.Repeat((byte)0xA5, 64)]));
        work.Message.Begin(request, ProtocolLimits.Default, secret.Length);
        work.Message.Feed(secret);
        work.Message.End();
        Assert.AreNotEqual(0, pool.InUse);
        Assert.AreEqual(0xA5, work.Message.DataOf(0)!.Written[63]);
        work.End();
        Assert.AreEqual(0, pool.InUse);
        Assert.IsTrue(pool.TryRent(4096, out TensorBlock? block));
        Assert.IsFalse(block.GetSpan().ContainsAnyExcept((byte)0));
        block.Return();
    }

    [TestMethod]
    public void A_message_that_was_refused_half_read_gives_its_memory_back()
    {
        using var pool = new TensorBlockPool(1 << 20);
        var work = new GrpcWork();
        work.Open(pool, 1 << 20);
        byte[] bad = Proto.Join(Proto.Field(7, new byte[100]), Proto.Tag(9, 3));
        work.Message.Begin(new InferRequest(), ProtocolLimits.Default, bad.Length);
        Assert.ThrowsExactly<RefusedException>(() => work.Message.Feed(bad));
        Assert.AreNotEqual(0, pool.InUse);
        work.End();
        Assert.AreEqual(0, pool.InUse);
    }

    private static void Read(GrpcWork work, InferRequest request, TensorBlockPool pool)
    {
        work.Open(pool, 1 << 20);
        work.Message.Begin(request, ProtocolLimits.Default, Message.Length);
        work.Message.Feed(Message.AsSpan(0, 30));
        work.Message.Feed(Message.AsSpan(30));
        work.Message.End();
        work.Head.Bytes(3, request.Id);
        work.End();
        request.Reset();
    }
}
