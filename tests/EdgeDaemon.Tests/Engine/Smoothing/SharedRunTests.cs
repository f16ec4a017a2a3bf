using System.Runtime.InteropServices;
using EdgeDaemon.Core.Smoothing;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Core.Smoothing.Noise;
using EdgeDaemon.Engine.Smoothing;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Tests.Native.Onnx;

namespace EdgeDaemon.Tests.Engine.Smoothing;

/// <summary>Samples of one certification in another's runs: whatever becomes of those runs, what each is answered is what it is answered alone.</summary>
[TestClass]
public sealed class SharedRunTests
{
    private const int Features = 6;

    [TestMethod]
    public void What_is_answered_is_the_same_whoever_shares_runs_with_whom_and_however_those_end()
    {
        int shared = 0, parted = 0, early = 0;
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            int rows = random.Next(1, 240);
            using var rig = new Rig(rows, random.Next(2, 6), random, seed);
            rig.Walk();
            foreach (Certified one in rig.All)
            {
                Assert.AreEqual(Alone(one, rows), Told(one.Run.Inputs), $"seed {seed}, runs of {rows}");
                shared += one.Run.Lent;
            }

            parted += rig.GivenBack;
            early += rig.Early;
        }

        Assert.IsTrue(shared > 1000 && parted > 100 && early > 100, $"{shared} samples in others' runs, {parted} that came back without an answer, {early} that came before those before them: else this shows nothing");
    }

    [TestMethod]
    public void Samples_that_come_out_of_their_order_count_in_it()
    {
        int other = 0;
        for (int seed = 0; seed < 100; seed++)
        {
            // Agreement that falls from look to look: who counts the first to come, certifies by them.
            var random = new Random(seed);
            SmoothedInput inOrder = Questions.Input(Questions.Sequential()), shuffled = Questions.Input(Questions.Sequential()), asTheyCome = Questions.Input(Questions.Sequential());
            int[] path = [.. Enumerable.Range(0, Questions.Selection + Questions.MaxSamples).Select(i => random.NextDouble() < 0.7 ? 0 : 1)];
            int[] order = [.. Enumerable.Range(0, path.Length)];
            for (int from = 0; from < order.Length; from += 200)
            {
                random.Shuffle(order.AsSpan(from, Math.Min(200, order.Length - from)));
            }

            foreach (int sample in order)
            {
                inOrder.Take(inOrder.Next, path[inOrder.Next]);
                shuffled.Take(sample, path[sample]);
                asTheyCome.Take(asTheyCome.Next, path[sample]);
            }

            Assert.AreEqual(Told([inOrder]), Told([shuffled]));
            other += Told([inOrder]) == Told([asTheyCome]) ? 0 : 1;
        }

        Assert.IsGreaterThan(50, other, "control: counted as they come it would be another answer");
    }

    [TestMethod]
    public void A_sample_comes_once_and_no_further_ahead_than_there_are_places()
    {
        var input = new SmoothedInput(0, new byte[8], new NoiseKey(1, 2), Questions.Fixed(100), 2, 10);
        for (int i = 0; i < 10; i++)
        {
            Assert.AreEqual(i, input.HandOut());
        }

        Assert.IsFalse(input.WantsMore, "ten are away");
        input.Take(3, 0);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => input.Take(3, 0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => input.Take(10, 0));
        Assert.AreEqual((0, 0), (input.Next, input.Samples), "nothing counts before the first");
        input.Take(0, 0);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => input.Take(0, 0));
        Assert.AreEqual((1, 1, true), (input.Next, input.Samples, input.WantsMore));
    }

    [TestMethod]
    public void Rows_of_two_tenants_or_of_two_models_never_come_into_one_run()
    {
        var ours = new TenantCertifications();
        using TensorBlockPool pool = new(1 << 20);
        var account = new Account();
        SmoothingRun host = Run(ours, account, 0), same = Run(ours, account, 1), other = Run(new TenantCertifications(), account, 2), foreign = Run(ours, new Account(), 3);
        SmoothingBatch[] batches = [.. new[] { host, same, other, foreign }.Select(run => Planned(run, pool, 50, 2))];
        foreach (SmoothingRun open in (SmoothingRun[])[same, other])
        {
            open.Enter();
        }

        Assert.IsTrue(host.Begin(batches[0]));
        Assert.ThrowsExactly<InvalidOperationException>(() => other.Lend(batches[0]));
        Assert.ThrowsExactly<InvalidOperationException>(() => foreign.Lend(batches[0]));
        Assert.AreEqual(0, batches[0].Guests.Count);
        host.Invite(batches[0]);
        Assert.AreEqual(20, batches[0].Guests.Count, "control: of the same there are");
        batches[0].Guests.GiveBack(alone: false);
    }

    [TestMethod]
    public void Who_has_ended_lends_nothing_and_nothing_comes_back_to_him()
    {
        var all = new TenantCertifications();
        using TensorBlockPool pool = new(1 << 20);
        SmoothingRun host = Run(all, null, 0), guest = Run(all, null, 1);
        SmoothingBatch batch = Planned(host, pool, 50, 2), lent = Planned(guest, pool, 50, 2);
        guest.Enter();
        Assert.IsTrue(host.Begin(batch));
        host.Invite(batch);
        Assert.AreEqual((20, true), (batch.Guests.Count, lent.HasLent));
        guest.Forget();
        guest.Stop(StoppedBy.Deadline);
        string told = Told(guest.Inputs);
        host.Settle(batch, new float[100], 2, VoteRule.Mean);
        Assert.AreEqual((told, 0, 0), (Told(guest.Inputs), guest.Lent, all.Count));

        SmoothingRun late = Run(all, null, 2);
        SmoothingBatch last = Planned(late, pool, 50, 2);
        Assert.IsTrue(late.Begin(last));
        guest.Lend(last);
        Assert.AreEqual(0, last.Guests.Count);
    }

    [TestMethod]
    public void A_batch_without_a_free_row_is_run_by_nobody_else()
    {
        var all = new TenantCertifications();
        using TensorBlockPool pool = new(1 << 20);
        SmoothingRun host = Run(all, null, 0), full = Run(all, null, 1);
        SmoothingBatch batch = Planned(host, pool, 50, 2);
        Planned(full, pool, 20, 2);
        full.Enter();
        Assert.IsTrue(host.Begin(batch));
        host.Invite(batch);
        Assert.AreEqual(0, batch.Guests.Count);
    }

    [TestMethod]
    public void Of_a_run_that_was_shared_and_failed_nobody_shares_one_again()
    {
        var all = new TenantCertifications();
        using TensorBlockPool pool = new(1 << 20);
        SmoothingRun host = Run(all, null, 0), guest = Run(all, null, 1), third = Run(all, null, 2);
        SmoothingBatch batch = Planned(host, pool, 60, 2), lent = Planned(guest, pool, 60, 2), others = Planned(third, pool, 60, 2);
        guest.Enter();
        Assert.IsTrue(host.Begin(batch));
        host.Invite(batch);
        host.Part(batch);
        Assert.AreEqual((0, 0), (batch.Guests.Count, host.Inputs[0].Samples), "none of its samples is against it");
        Assert.IsTrue(third.Begin(others));
        third.Invite(others);
        Assert.AreEqual(0, others.Guests.Count, "the one that was in the run lends nothing");
        Assert.IsTrue(host.Begin(batch));
        host.Invite(batch);
        Assert.AreEqual(0, batch.Guests.Count, "and who made it has nobody");
        Assert.IsTrue(guest.Begin(lent));
        guest.Settle(lent, new float[120], 2, VoteRule.Mean);
        Assert.AreEqual(20, guest.Inputs[0].Samples);
    }

    [TestMethod]
    public void What_ends_a_host_s_run_is_not_against_its_guests()
    {
        var all = new TenantCertifications();
        using TensorBlockPool pool = new(1 << 20);
        SmoothingRun host = Run(all, null, 0), guest = Run(all, null, 1), third = Run(all, null, 2);
        SmoothingBatch batch = Planned(host, pool, 60, 2), lent = Planned(guest, pool, 60, 2), others = Planned(third, pool, 60, 2);
        guest.Enter();
        Assert.IsTrue(host.Begin(batch));
        host.Invite(batch);
        host.SettleFailed(batch);
        Assert.AreEqual((20, 0), (host.Inputs[0].Counted.Failed, guest.Inputs[0].Samples));
        Assert.IsTrue(third.Begin(others));
        third.Invite(others);
        Assert.AreEqual(0, others.Guests.Count, "what came back once is not lent again: it would be held up by one after the other");
        Assert.IsTrue(guest.Begin(lent));
        guest.Settle(lent, new float[120], 2, VoteRule.Mean);
        Assert.AreEqual((20, 0), (guest.Inputs[0].Samples, guest.Inputs[0].Counted.Failed));
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Rows_of_guests_are_zero_when_the_run_ends_unless_it_is_still_inside(bool lost)
    {
        var all = new TenantCertifications();
        using TensorBlockPool pool = new(1 << 20);
        SmoothingRun host = Run(all, null, 0), guest = Run(all, null, 1);
        SmoothingBatch batch = Planned(host, pool, 60, 2);
        Planned(guest, pool, 60, 2);
        guest.Enter();
        Assert.IsTrue(host.Begin(batch));
        host.Invite(batch);
        float[] Rows() => MemoryMarshal.Cast<byte, float>(batch.Inputs.Span[0].Block.GetSpan()).ToArray();
        float[] before = Rows();
        Assert.IsTrue(before[..80].All(number => number != 0) && before[80..].All(number => number == 0), "its own twenty rows, and as many of the guest's");
        batch.EndRun(lost);
        CollectionAssert.AreEqual(lost ? before : [.. before[..40], .. new float[80]], Rows());
    }

    private static SmoothingRun Run(TenantCertifications others, TensorAccount? account, int place) => new([Questions.Input(Questions.Predict(20), place, 2)], others, account);

    private static SmoothingBatch Planned(SmoothingRun run, TensorBlockPool pool, int rows, int features)
    {
        var batch = new SmoothingBatch(pool.Rent(rows * features * sizeof(float), null), Running.Shape(rows, features));
        Assert.IsTrue(run.Plan(batch));
        batch.Fill();
        run.Offer(batch);
        return batch;
    }

    private static string Alone(Certified one, int rows)
    {
        var run = new SmoothingRun([.. one.Again()]);
        using TensorBlockPool pool = new(1 << 24);
        TensorBlock block = pool.Rent(rows * Features * sizeof(float), null);
        var batch = new SmoothingBatch(block, Running.Shape(rows, Features));
        while (run.Plan(batch))
        {
            batch.Fill();
            batch.Settle(Answered(block, rows), 2);
        }

        block.Return();
        return Told(run.Inputs);
    }

    // Class 0 where the first feature is above 0.
    private static float[] Answered(TensorBlock block, int rows)
    {
        ReadOnlySpan<float> tensor = MemoryMarshal.Cast<byte, float>(block.GetSpan());
        float[] logits = new float[2 * rows];
        for (int row = 0; row < rows; row++)
        {
            logits[2 * row] = tensor[row * Features];
        }

        return logits;
    }

    private static string Told(IEnumerable<SmoothedInput> inputs) => string.Join("; ", inputs.Select(input =>
        $"{input.Class} {input.Radius} {input.Basis} {input.Stopped} {string.Join(',', input.Selected.Counts)} {string.Join(',', input.Counted.Counts)}"));

    private sealed class Account : TensorAccount
    {
        public override int Holder => 1;

        public override bool TryCharge(long bytes) => true;

        public override void Refund(long bytes)
        {
        }

        public override EdgeDaemon.Core.Protocol.RefusedException Refused(long bytes) => throw new InvalidOperationException();
    }

    /// <summary>One certification that goes its way in steps: each of two batches is nothing, written, or in a run.</summary>
    private sealed class Certified(Func<SmoothedInput[]> again, SmoothingRun run, SmoothingBatch[] batches, TensorBlock[] blocks)
    {
        public Func<SmoothedInput[]> Again => again;

        public SmoothingRun Run => run;

        public SmoothingBatch[] Batches => batches;

        public TensorBlock[] Blocks => blocks;

        /// <summary>What the run that is under way answers; null: none is.</summary>
        public float[]? Running { get; set; }

        public bool IsOver => Running is null && run.Inputs.All(input => input.IsOver);
    }

    /// <summary>Certifications of one tenant whose steps come in any order.</summary>
    private sealed class Rig : IDisposable
    {
        private readonly TensorBlockPool _pool = new(1 << 24);
        private readonly TenantCertifications _others = new();
        private readonly Random _random;
        private readonly int _rows;

        public Rig(int rows, int count, Random random, int number)
        {
            _random = random;
            _rows = rows;
            All = [.. Enumerable.Range(0, count).Select(place => Make(place, number))];
        }

        public Certified[] All { get; }

        public int GivenBack { get; private set; }

        public int Early { get; private set; }

        public void Walk()
        {
            while (All.Any(one => !one.IsOver))
            {
                Certified one = All[_random.Next(All.Length)];
                if (!one.IsOver)
                {
                    Step(one);
                }
            }
        }

        public void Dispose()
        {
            foreach (TensorBlock block in All.SelectMany(one => one.Blocks))
            {
                block.Return();
            }

            _pool.Dispose();
        }

        private Certified Make(int place, int number)
        {
            // Most of them small beside a run: all that makes a difference, selection and looks, lies in batches that are lent in parts.
            SmoothingQuestion question = _random.Next(5) switch
            {
                0 => Questions.Predict(_random.Next(1, 200)),
                1 or 2 => Questions.Fixed(_random.Next(5, 60)),
                3 => Questions.Sequential(Questions.Period * _random.Next(1, 4)),
                _ => Questions.Sequential(),
            };
            float[][] inputs = [.. Enumerable.Range(0, _random.Next(1, 5)).Select(_ => Enumerable.Range(0, Features).Select(_ => (float)(_random.NextDouble() - 0.5)).ToArray())];
            using var seed = new NoiseSeed([.. Enumerable.Range(0, NoiseSeed.Size).Select(i => (byte)(i + (7 * place) + number))]);
            NoiseKey[] keys = [.. Enumerable.Range(0, inputs.Length).Select(input => seed.Key((uint)input))];
            SmoothedInput[] Again() => [.. inputs.Select((input, i) => new SmoothedInput(i, MemoryMarshal.AsBytes(input.AsSpan()).ToArray(), keys[i], question, 2, 2 * _rows))];
            var run = new SmoothingRun([.. Again()], _others);
            run.Enter();
            TensorBlock[] blocks = [.. Enumerable.Range(0, 2).Select(_ => _pool.Rent(_rows * Features * sizeof(float), null))];
            return new Certified(Again, run, [.. blocks.Select(block => new SmoothingBatch(block, Tests.Native.Onnx.Running.Shape(_rows, Features)))], blocks);
        }

        // The first batch is run; the second may be written meanwhile, and lent as any. As the loop does it.
        private void Step(Certified one)
        {
            (SmoothingBatch now, SmoothingBatch next) = (one.Batches[0], one.Batches[1]);
            if (one.Running is { } logits)
            {
                End(one, now, logits);
                return;
            }

            if (now.Used == 0 || !one.Run.Wants(now))
            {
                one.Run.Clear(now);
                if (next.Used > 0)
                {
                    (one.Batches[0], one.Batches[1]) = (next, now);
                    (one.Blocks[0], one.Blocks[1]) = (one.Blocks[1], one.Blocks[0]);
                }
                else
                {
                    Write(one, now);
                }
            }
            else if (_random.Next(3) == 0 && one.Run.Begin(now))
            {
                one.Run.Invite(now);
                one.Running = Answered(one.Blocks[0], _rows);
                if (next.Used == 0)
                {
                    Write(one, next);
                }
            }
        }

        private void End(Certified one, SmoothingBatch now, float[] logits)
        {
            int guests = now.Guests.Count;
            one.Running = null;
            switch (guests > 0 ? _random.Next(6) : 5)
            {
                case 0:
                    one.Run.Part(now); // It is run again.
                    GivenBack += guests;
                    break;
                case 1:
                    now.Guests.GiveBack(alone: false); // A run that was given up: the host would end here; these go on.
                    GivenBack += guests;
                    break;
                default:
                    one.Run.Settle(now, logits, 2, VoteRule.Mean);
                    Early += All.SelectMany(other => other.Run.Inputs).Count(input => input.Handed > input.Next + _rows);
                    break;
            }
        }

        private static void Write(Certified one, SmoothingBatch batch)
        {
            if (one.Run.Plan(batch))
            {
                batch.Fill();
                one.Run.Offer(batch);
            }
        }
    }
}
