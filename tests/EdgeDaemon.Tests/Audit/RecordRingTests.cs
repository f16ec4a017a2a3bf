using System.Buffers.Binary;
using EdgeDaemon.Audit;

namespace EdgeDaemon.Tests.Audit;

[TestClass]
public sealed class RecordRingTests
{
    [TestMethod]
    public void What_goes_in_comes_out_in_order_round_the_end_of_the_memory()
    {
        var ring = new RecordRing(4096);
        var random = new Random(3);
        var expected = new Queue<byte[]>();
        for (int i = 0; i < 5000; i++)
        {
            byte[] record = new byte[random.Next(1, 900)];
            random.NextBytes(record);
            if (ring.TryAppend(record, i, int.MaxValue, null, null) == RecordRing.Attempt.Taken)
            {
                expected.Enqueue(record);
                continue;
            }

            Assert.IsNotEmpty(expected);
            while (ring.PeekLength() is > 0 and var length)
            {
                byte[] taken = new byte[length];
                ring.Take(taken, i);
                CollectionAssert.AreEqual(expected.Dequeue(), taken);
            }

            Assert.IsEmpty(expected);
            ring.Free(ring.Mark());
            Assert.AreEqual((0, 0L), (ring.Count, ring.UsedBytes));
        }
    }

    [TestMethod]
    public void What_was_taken_can_be_taken_again_until_it_is_freed()
    {
        var ring = new RecordRing(4096);
        for (byte i = 1; i <= 5; i++)
        {
            ring.TryAppend([i], 100 + i, int.MaxValue, null, null);
        }

        byte[] one = new byte[1];
        ring.Take(one, 7);
        ring.Take(one, 8);
        ring.Rewind();
        for (byte i = 1; i <= 5; i++)
        {
            Assert.AreEqual(1, ring.PeekLength());
            Assert.AreEqual(100 + i, ring.PeekTime());
            ring.Take(one, 20 + i);
            Assert.AreEqual(i, one[0]);
        }

        Assert.AreEqual(0, ring.PeekLength());
        Assert.AreEqual(5, ring.Free(ring.Mark()));
    }

    [TestMethod]
    public void A_waiter_finds_the_number_of_its_record_while_it_is_taken_and_only_then()
    {
        var ring = new RecordRing(4096);
        var stack = new WaiterStack();
        AuditWaiter[] waiters = [new(), new()];
        foreach (AuditWaiter waiter in waiters)
        {
            ring.TryAppend([1], 0, int.MaxValue, waiter, stack);
        }

        Assert.IsFalse(ring.TryGetSequence(waiters[0].Position, ring.Mark(), out _));
        ring.Take(new byte[1], 41);
        Assert.IsTrue(ring.TryGetSequence(waiters[0].Position, ring.Mark(), out long sequence));
        Assert.AreEqual(41, sequence);
        Assert.IsFalse(ring.TryGetSequence(waiters[1].Position, ring.Mark(), out _));
        AuditWaiter? first = stack.TakeAll();
        Assert.AreSame(waiters[0], first);
        Assert.AreSame(waiters[1], first!.Next);
        Assert.IsTrue(stack.IsEmpty);
    }

    [TestMethod]
    public void No_more_records_than_are_allowed_and_no_more_bytes_than_there_are()
    {
        var ring = new RecordRing(1024);
        Assert.AreEqual(RecordRing.Attempt.Taken, ring.TryAppend(new byte[10], 0, 2, null, null));
        Assert.AreEqual(RecordRing.Attempt.Taken, ring.TryAppend(new byte[10], 0, 2, null, null));
        Assert.AreEqual(RecordRing.Attempt.TooMany, ring.TryAppend(new byte[10], 0, 2, null, null));
        Assert.AreEqual(RecordRing.Attempt.NoRoom, ring.TryAppend(new byte[1000], 0, int.MaxValue, null, null));
        Assert.AreEqual(RecordRing.Attempt.Taken, ring.TryAppend(new byte[1024 - 128 - RecordRing.HeadBytes], 0, int.MaxValue, null, null));
        Assert.AreEqual(RecordRing.Attempt.NoRoom, ring.TryAppend(new byte[1], 0, int.MaxValue, null, null));
    }

    [TestMethod]
    public void Many_threads_lose_nothing_mix_nothing_and_keep_their_own_order()
    {
        const int Threads = 6, Each = 20_000;
        var ring = new RecordRing(16 << 10);
        int[] next = new int[Threads];
        Thread[] writers = [.. Enumerable.Range(0, Threads).Select(thread => new Thread(() =>
        {
            byte[] record = new byte[200];
            for (int i = 0; i < Each; i++)
            {
                int length = 8 + ((i * 7) % 190);
                record.AsSpan(0, length).Fill((byte)(thread + i));
                BinaryPrimitives.WriteInt32LittleEndian(record, thread);
                BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(4), i);
                var spin = default(SpinWait);
                while (ring.TryAppend(record.AsSpan(0, length), i, int.MaxValue, null, null) != RecordRing.Attempt.Taken)
                {
                    spin.SpinOnce();
                }
            }
        }))];
        foreach (Thread writer in writers)
        {
            writer.Start();
        }

        byte[] taken = new byte[200];
        for (int total = 0; total < Threads * Each;)
        {
            while (ring.PeekLength() is > 0 and var length)
            {
                ring.Take(taken.AsSpan(0, length), total++);
                int thread = BinaryPrimitives.ReadInt32LittleEndian(taken), i = BinaryPrimitives.ReadInt32LittleEndian(taken.AsSpan(4));
                Assert.AreEqual(next[thread]++, i);
                Assert.AreEqual(8 + ((i * 7) % 190), length);
                Assert.AreEqual(-1, taken.AsSpan(8, length - 8).IndexOfAnyExcept((byte)(thread + i)));
            }

            ring.Free(ring.Mark());
            Thread.Yield();
        }

        Assert.AreEqual(0, ring.Count);
    }
}
