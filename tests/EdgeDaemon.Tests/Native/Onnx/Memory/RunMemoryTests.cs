using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EdgeDaemon.Native.Onnx.Memory;

namespace EdgeDaemon.Tests.Native.Onnx.Memory;

[TestClass]
public sealed class RunMemoryTests
{
    [ThreadStatic]
    private static int _terminated;

    [TestMethod]
    public void What_a_run_frees_is_had_again_by_the_same_tenant_as_it_was_and_by_another_as_zeroes()
    {
        var all = new SessionMemory();
        using RunMemory run = Make(all);
        nint first = Use(all, run, tenant: 1, 5000, 0xA5);
        all.Switch(1);
        run.Begin(1, long.MaxValue);
        nint again = run.Alloc(5000);
        Assert.AreEqual(first, again, "the warm piece");
        Assert.AreEqual(0xA5, Bytes(again, 5000)[4999], "the control: between two runs of one tenant nobody pays for zeroing");
        run.Free(again);
        run.Rest();
        run.End();

        all.Switch(2);
        run.Begin(2, long.MaxValue);
        nint others = run.Alloc(5000);
        Assert.AreEqual(first, others);
        Assert.IsFalse(Bytes(others, 5000).ContainsAnyExcept((byte)0));
        run.Free(others);
        run.Rest();
        run.End();
        Assert.AreEqual((5056L * 2, 5056L), (run.DirtiedBytes, run.ClearedBytes));
    }

    [TestMethod]
    public void When_another_tenant_asks_anywhere_idle_memory_of_the_last_one_is_zeroed_everywhere()
    {
        var all = new SessionMemory();
        using RunMemory one = Make(all);
        using RunMemory two = Make(all);
        nint left = Use(all, one, tenant: 1, 300, 0x5A);
        Assert.AreEqual(0x5A, Bytes(left, 1)[0], "the control");
        Use(all, two, tenant: 2, 300, 0x77);
        Assert.AreEqual(0, Bytes(left, 1)[0]);
        Assert.AreEqual((SessionMemory.Nobody, 2), (one.Tenant, two.Tenant));
    }

    [TestMethod]
    public void A_run_that_ends_after_another_tenant_asked_leaves_zeroes()
    {
        var all = new SessionMemory();
        using RunMemory one = Make(all);
        all.Switch(1);
        one.Begin(1, long.MaxValue);
        nint piece = one.Alloc(1000);
        Bytes(piece, 1)[0] = 9;
        all.Switch(2); // passes by: it is running
        one.Free(piece);
        Assert.AreEqual(9, Bytes(piece, 1)[0]);
        one.Rest();
        one.End();
        Assert.AreEqual(0, Bytes(piece, 1)[0]);
    }

    [TestMethod]
    public void Always_means_after_every_run()
    {
        var all = new SessionMemory { ClearsAlways = true };
        using RunMemory run = Make(all);
        Assert.AreEqual(0, Bytes(Use(all, run, tenant: 1, 100, 0xEE), 1)[0]);
    }

    [TestMethod]
    public void Idle_memory_is_given_back_and_a_tenant_that_is_gone_leaves_nothing()
    {
        var all = new SessionMemory();
        using RunMemory run = Make(all);
        nint piece = Use(all, run, tenant: 3, 100_000, 0xEE);
        all.Keep(tenant => tenant != 3);
        Assert.AreEqual(0, Bytes(piece, 1)[0]);
        Assert.IsGreaterThan(99_999, all.Held);
        all.ReleaseIdle(run.LastUsed);
        Assert.IsGreaterThan(99_999, all.Held, "used since then");
        all.ReleaseIdle(run.LastUsed + 1);
        Assert.AreEqual(0, all.Held);
        Assert.AreEqual(0, all.MismatchBytes);
    }

    [TestMethod]
    public void A_piece_that_comes_back_after_its_run_shows_the_next_tenant_nothing()
    {
        var all = new SessionMemory();
        using RunMemory run = Make(all);
        all.Switch(1);
        run.Begin(1, long.MaxValue);
        nint kept = run.Alloc(128);
        Bytes(kept, 1)[0] = 7;
        run.Rest();
        run.End();
        all.Switch(2);
        run.Begin(2, long.MaxValue);
        run.Free(kept);
        nint next = run.Alloc(128);
        Assert.AreEqual(kept, next);
        Assert.AreEqual(0, Bytes(next, 1)[0]);
        run.Free(next);
        run.Rest();
        run.End();
    }

    [TestMethod]
    public void Who_asks_for_more_than_allowed_is_stopped_and_gets_address_space_that_costs_the_reserve_alone()
    {
        var all = new SessionMemory();
        using RunMemory run = Make(all);
        all.Switch(1);
        run.Begin(1, allowed: 10_000);
        _terminated = 0;
        nint fits = run.Alloc(9_000);
        Assert.AreEqual((0, false), (_terminated, run.Overran));
        nint over = run.Alloc(2_000);
        Assert.AreEqual((1, true), (_terminated, run.Overran));
        long held = all.Held;

        long size = 40L << 30;
        nint huge = run.Alloc(size);
        Assert.IsTrue(huge != 0, "a null would end the process");
        Bytes(huge, 1)[0] = 1;
        Bytes(huge + (nint)(size - 1), 1)[0] = 2;
        Assert.AreEqual(1, Bytes(huge + OverrunReserve.Bytes, 1)[0], "the same pages again");
        Assert.AreEqual(held, all.Held);
        Assert.IsTrue(OverrunReserve.TryUnmap(huge));
        Assert.IsFalse(OverrunReserve.TryUnmap(huge));
        run.Free(over);
        run.Free(fits);
        run.Rest();
        run.End();
    }

    [TestMethod]
    public void A_run_that_does_not_fit_is_refused_before_it_begins_unless_what_others_keep_idle_makes_room()
    {
        var all = new SessionMemory { Budget = 1 << 20 };
        using RunMemory one = Make(all);
        using RunMemory two = Make(all);
        Use(all, one, tenant: 1, 600 << 10, 1);
        Assert.IsTrue(all.TryPromise(600 << 10), "the idle memory is given up");
        Assert.AreEqual(0, one.Held);
        Assert.IsFalse(all.TryPromise(600 << 10), "beside the other promise");
        all.Fulfil(600 << 10);
        Assert.IsTrue(all.TryPromise(600 << 10));
    }

    [TestMethod]
    public void What_a_run_leaves_but_its_outputs_makes_room_for_the_next_while_they_are_read()
    {
        var all = new SessionMemory { Budget = 1 << 20 };
        using RunMemory one = Make(all);
        using RunMemory two = Make(all);
        all.Switch(1);
        one.Begin(1, all.Budget);
        nint scratch = one.Alloc(800 << 10);
        nint output = one.Alloc(100);
        Bytes(output, 1)[0] = 5;
        one.Free(scratch);
        one.Rest();
        two.Begin(1, all.Budget);
        nint larger = two.Alloc(900 << 10);
        Assert.IsFalse(two.Overran);
        Assert.AreEqual(5, Bytes(output, 1)[0]);
        two.Alloc(200 << 10);
        Assert.IsTrue(two.Overran, "the control: more than there is");
        two.Free(larger);
        two.Rest();
        one.Free(output);
        one.End();
    }

    /// <summary>A run gives up pieces that it kept for one of another size. Beside it another grows beyond what it was let in with: that one is stopped, and not the one that keeps within its own.</summary>
    [TestMethod]
    public void What_a_run_gives_up_for_other_sizes_stays_its_own()
    {
        const int K = 1024;
        var all = new SessionMemory { Budget = 1024 * K };
        using RunMemory one = Make(all);
        using RunMemory two = Make(all);
        all.Switch(1);
        one.Begin(1, all.Budget);
        nint[] kept = [one.Alloc(200 * K), one.Alloc(200 * K)];
        Array.ForEach(kept, one.Free);
        one.Rest();
        one.End();

        one.Begin(1, all.Budget); // It has 400 K, and is let in with those.
        two.Begin(1, all.Budget);
        Assert.IsTrue(two.TryPromise(500 * K));
        nint large = one.Alloc(300 * K), whole = two.Alloc(500 * K);
        bool before = one.Overran || two.Overran;
        nint more = two.Alloc(150 * K);
        bool stopped = two.Overran;
        two.Free(whole);
        two.Free(more);
        two.Rest();
        nint rest = one.Alloc(90 * K);
        bool other = one.Overran;
        one.Free(large);
        one.Free(rest);
        one.Rest();
        one.End();
        two.End();
        Assert.AreEqual((false, true, false), (before, stopped, other));
        all.ReleaseIdle(long.MaxValue);
        Assert.AreEqual((0L, 0L), (all.Held, all.MismatchBytes));
        Assert.IsTrue(all.TryPromise(1024 * K), "nothing stays put aside");
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void Whatever_tenants_do_on_however_many_threads_nobody_sees_anothers_bytes_and_the_books_agree(int seed)
    {
        const int Tenants = 4;
        var all = new SessionMemory();
        RunMemory[] runs = [.. Enumerable.Range(0, 4).Select(_ => Make(all))];
        long foreign = 0, own = 0;
        Parallel.For(0, runs.Length, lane =>
        {
            var random = new Random((seed * 100) + lane);
            for (int i = 0; i < 3000; i++)
            {
                int tenant = random.Next(1, Tenants + 1);
                all.Switch(tenant);
                runs[lane].Begin(tenant, long.MaxValue);
                var pieces = new List<nint>();
                for (int k = random.Next(1, 5); k > 0; k--)
                {
                    int size = random.Next(1, 20_000);
                    nint piece = runs[lane].Alloc(size);
                    foreach (byte seen in Bytes(piece, size))
                    {
                        if (seen != 0)
                        {
                            Interlocked.Increment(ref seen == tenant ? ref own : ref foreign);
                        }
                    }

                    Bytes(piece, size).Fill((byte)tenant);
                    pieces.Add(piece);
                }

                pieces.ForEach(piece => runs[lane].Free(piece));
                runs[lane].Rest();
                runs[lane].End();
            }
        });
        Assert.AreEqual(0, foreign);
        Assert.IsGreaterThan(0, own, "the control: memory is not simply zeroed each time");
        all.Switch(Tenants + 1);
        (long dirtied, long cleared, _) = all.Statistics();
        Assert.AreEqual(dirtied, cleared);
        Assert.AreEqual(0, all.MismatchBytes);
        foreach (RunMemory run in runs)
        {
            run.Dispose();
        }

        Assert.AreEqual(0, all.Held);
    }

    private static nint Use(SessionMemory all, RunMemory run, int tenant, long size, byte with)
    {
        all.Switch(tenant);
        run.Begin(tenant, long.MaxValue);
        nint piece = run.Alloc(size);
        Bytes(piece, (int)size).Fill(with);
        run.Free(piece);
        run.Rest();
        run.End();
        return piece;
    }

    private static RunMemory Make(SessionMemory all) => new(all, () => _terminated++);

    private static Span<byte> Bytes(nint piece, int count) =>
        MemoryMarshal.CreateSpan(ref Unsafe.AddByteOffset(ref Unsafe.NullRef<byte>(), piece), count);
}
