using EdgeDaemon.Core.Smoothing.Boundaries;
using EdgeDaemon.Core.Smoothing.Statistics;

namespace EdgeDaemon.Tests.Smoothing.Boundaries;

[TestClass]
public sealed class DecisionTests
{
    private const int Chosen = 3;
    private const int Other = 1;
    private const int Lost = -1;

    private static readonly LookSchedule Looks = LookSchedule.Growing(32, 0.02, 4096);
    private static readonly RadiusLadder Ladder = RadiusLadder.Build(0.5, [0.25, 0.5, 0.75, 1], 0.001, 0.001, Looks);

    // The rule by definition, from the tables alone, over a whole path.
    private static (Verdict Verdict, int Certified, int Samples) ByDefinition(RadiusLadder ladder, ReadOnlySpan<int> path)
    {
        int best = -1;
        bool[] hopeless = new bool[ladder.Count];
        for (int look = 0; look < ladder.Looks.Count; look++)
        {
            int n = ladder.Looks[look];
            int agreements = path[..n].Count(Chosen);
            for (int r = 0; r < ladder.Count; r++)
            {
                best = agreements >= ladder[r].Up[look] ? Math.Max(best, r) : best;
                hopeless[r] |= n - agreements >= ladder[r].Down[look];
            }

            // Beyond the first hopeless radius above the best, nothing is waited for.
            bool over = true;
            for (int r = best + 1; r < ladder.Count && !hopeless[r]; r++)
            {
                over = false;
            }

            if (over)
            {
                return (best >= 0 ? Verdict.Certified : Verdict.Futile, best, n);
            }
        }

        return (Verdict.Exhausted, best, ladder.Looks.MaxSamples);
    }

    [TestMethod]
    public void Follows_its_tables_however_the_batches_are_cut()
    {
        var random = new Random(11);
        var seen = new HashSet<(Verdict, int)>();
        int[] path = new int[Looks.MaxSamples];
        for (int trial = 0; trial < 600; trial++)
        {
            double p = trial % 2 == 0 ? random.NextDouble() : Math.Pow(random.NextDouble(), 0.05);
            for (int i = 0; i < path.Length; i++)
            {
                path[i] = random.NextDouble() < p ? Chosen : random.Next(-2, 3);
            }

            (Verdict Verdict, int Certified, int Samples) expected = ByDefinition(Ladder, path);
            SequentialDecision decision = Decision(Ladder);
            int batch = random.Next(1, 200);
            for (int at = 0; decision.Verdict == Verdict.GoOn; at += batch)
            {
                Assert.AreEqual(10 + decision.Samples, decision.NextSample);
                decision.Count(decision.NextSample, path.AsSpan(at, Math.Min(batch, path.Length - at)));
            }

            Assert.AreEqual(expected, (decision.Verdict, decision.Certified, decision.Samples), $"p = {p}, batches of {batch}");
            Assert.AreEqual(path.AsSpan(0, decision.Samples).Count(Chosen), decision.Agreements);
            Assert.AreEqual(expected.Certified < 0 ? 0 : Ladder.Radii[expected.Certified], decision.Radius);
            seen.Add((decision.Verdict, decision.Certified));
        }

        Assert.IsGreaterThanOrEqualTo(6, seen.Count, "the paths do not show enough kinds of ends");
    }

    [TestMethod]
    public void Counting_to_the_look_is_the_same()
    {
        var random = new Random(12);
        int[] path = new int[Looks.MaxSamples];
        for (int i = 0; i < path.Length; i++)
        {
            path[i] = random.NextDouble() < 0.87 ? Chosen : Other;
        }

        SequentialDecision one = Decision(Ladder);
        SequentialDecision other = Decision(Ladder);
        while (one.Verdict == Verdict.GoOn)
        {
            ReadOnlySpan<int> part = path.AsSpan(one.Samples, one.UntilLook);
            other.CountToLook(part.Count(Chosen), part.Length);
            one.Count(one.NextSample, part);
            Assert.AreEqual((one.Verdict, one.Certified, one.Samples, one.Agreements), (other.Verdict, other.Certified, other.Samples, other.Agreements));
        }
    }

    [TestMethod]
    public void What_is_lost_counts_against_the_class()
    {
        SequentialDecision lost = Decision(Ladder);
        int[] nothing = new int[Looks.MaxSamples];
        Array.Fill(nothing, Lost);
        Assert.AreEqual(Verdict.Futile, lost.Count(lost.NextSample, nothing));
        Assert.AreEqual(0, lost.Agreements);

        var fixedSize = new FixedSizeDecision(Selected(), 1000, 0.001, 0.5);
        int[] agreeing = new int[900];
        Array.Fill(agreeing, Chosen);
        fixedSize.Count(10, agreeing);
        Assert.IsFalse(fixedSize.Complete);

        // 900 agree, 100 never came: exactly as if 100 had disagreed.
        Assert.AreEqual(ClopperPearson.Lower(900, 1000, 0.001), fixedSize.LowerBound);
        fixedSize.Count(910, nothing.AsSpan(0, 100));
        Assert.IsTrue(fixedSize.Complete);
        Assert.AreEqual(CertifiedRadius.Of(ClopperPearson.Lower(900, 1000, 0.001), 0.5), fixedSize.Radius);
    }

    [TestMethod]
    public void Stopped_between_looks_it_keeps_the_last_looks_answer_alone()
    {
        SequentialDecision decision = Decision(Ladder);
        int[] agreeing = new int[Looks.MaxSamples];
        Array.Fill(agreeing, Chosen);
        int look = 0;
        while (Ladder[0].Up[look] == BoundaryTable.Never)
        {
            look++;
        }

        // One sample before the first look that could certify: nothing, though all agree.
        decision.Count(decision.NextSample, agreeing.AsSpan(0, Looks[look] - 1));
        SequentialDecision early = decision;
        Assert.AreEqual(Verdict.Stopped, early.Stop());
        Assert.AreEqual(0, early.Radius);
        Assert.ThrowsExactly<InvalidOperationException>(() => early.Count(early.NextSample, [Chosen]));

        decision.Count(decision.NextSample, [Chosen]);
        Assert.AreEqual(Verdict.Stopped, decision.Stop());
        Assert.IsGreaterThan(0, decision.Radius);
    }

    [TestMethod]
    public void Draws_out_of_order_are_refused()
    {
        SequentialDecision decision = Decision(Ladder);
        Assert.ThrowsExactly<InvalidOperationException>(() => decision.Count(0, [Chosen]), "a selection's draw");
        Assert.ThrowsExactly<InvalidOperationException>(() => decision.Count(11, [Chosen]), "a draw ahead");
        Assert.ThrowsExactly<InvalidOperationException>(() => decision.CountToLook(1, 31));
        Assert.ThrowsExactly<InvalidOperationException>(() => decision.CountToLook(33, 32));
        var fixedSize = new FixedSizeDecision(Selected(), 10, 0.001, 0.5);
        Assert.ThrowsExactly<InvalidOperationException>(() => fixedSize.Count(0, [Chosen]));
        Assert.ThrowsExactly<InvalidOperationException>(() => fixedSize.Count(10, new int[11]));
    }

    [TestMethod]
    public void Selection_gives_away_a_class_once_and_takes_no_sample_after()
    {
        var selection = new Selection(4);
        selection.Begin(6);
        selection.Count([2, 2, Lost, 99, 1, 1]);
        Assert.IsTrue(selection.Complete);
        CollectionAssert.AreEqual((int[])[0, 2, 2, 0], selection.Counts.ToArray());
        ChosenClass chosen = selection.Choose();
        Assert.AreEqual(1, chosen.Index, "the lowest of two that are even");
        Assert.AreEqual(6, chosen.FirstSample);
        Assert.ThrowsExactly<InvalidOperationException>(() => selection.Count([1]));

        selection.Begin(2);
        Assert.ThrowsExactly<InvalidOperationException>(() => selection.Count([1, 1, 1]));
        selection.Count([Lost, Lost]);
        Assert.AreEqual(ChosenClass.None, selection.Choose());
    }

    [TestMethod]
    public void Nobody_decides_about_a_class_that_was_not_chosen()
    {
        Assert.ThrowsExactly<ArgumentException>(() => new SequentialDecision(Ladder, default));
        Assert.ThrowsExactly<ArgumentException>(() => new FixedSizeDecision(default, 100, 0.001, 0.5));
    }

    [TestMethod]
    public void A_ladder_is_nested_at_every_look()
    {
        RadiusLadder ladder = RadiusLadder.Build(0.5, [0.1, 0.101, 0.3, 1.2, 1.5], 0.001, 0.001, Looks);
        for (int r = 1; r < ladder.Count; r++)
        {
            for (int i = 0; i < Looks.Count; i++)
            {
                Assert.IsGreaterThanOrEqualTo(ladder[r - 1].Up[i], ladder[r].Up[i]);
            }

            Assert.IsLessThanOrEqualTo(0.001, ladder[r].CertifyError);
        }
    }

    [TestMethod]
    public void An_entry_below_the_smaller_radius_is_raised()
    {
        double small = CertifiedRadius.Probability(0.25, 0.5), large = CertifiedRadius.Probability(0.5, 0.5);
        var looks = new LookSchedule([64, 128]);
        var first = new BoundaryTable(new BoundaryParameters(small, 0.01, 0.01, looks), [64, 118], [60, 70]);
        var second = new BoundaryTable(new BoundaryParameters(large, 0.01, 0.01, looks), [BoundaryTable.Never, 127], [60, 70]);
        var crossed = new BoundaryTable(new BoundaryParameters(large, 0.01, 0.01, looks), [63, BoundaryTable.Never], [60, 70]);
        Assert.AreEqual(127, new RadiusLadder(0.5, [0.25, 0.5], [first, second])[1].Up[1]);
        Assert.AreEqual(64, new RadiusLadder(0.5, [0.25, 0.5], [first, crossed])[1].Up[0]);
    }

    [TestMethod]
    public void A_ladder_of_tables_that_do_not_fit_is_refused()
    {
        BoundaryTable half = Ladder[1];
        Assert.ThrowsExactly<BoundaryException>(() => new RadiusLadder(0.5, [0.51], [half]), "its p0 is too small for that radius");
        Assert.ThrowsExactly<BoundaryException>(() => new RadiusLadder(0.49, [0.5], [half]), "nor for that sigma");
        Assert.ThrowsExactly<BoundaryException>(() => new RadiusLadder(0.5, [0.5, 0.25], [half, Ladder[0]]), "falling");
        Assert.ThrowsExactly<BoundaryException>(() => new RadiusLadder(0.5, [], []));
        Assert.ThrowsExactly<BoundaryException>(() => new RadiusLadder(0.5, [0.1, 0.2], [half]));
        BoundaryTable others = BoundaryBuilder.Build(new BoundaryParameters(Ladder[2].Parameters.P0, 0.001, 0.001, LookSchedule.Every(64, 4096)));
        Assert.ThrowsExactly<BoundaryException>(() => new RadiusLadder(0.5, [0.5, 0.75], [half, others]), "other looks");
    }

    [TestMethod]
    public void Counting_allocates_nothing()
    {
        int[] agreeing = new int[64];
        Array.Fill(agreeing, Chosen);
        var selection = new Selection(10);
        void Request()
        {
            selection.Begin(64);
            selection.Count(agreeing);
            var decision = new SequentialDecision(Ladder, selection.Choose());
            while (decision.Verdict == Verdict.GoOn)
            {
                decision.Count(decision.NextSample, agreeing);
            }
        }

        Request();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            Request();
        }

        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static SequentialDecision Decision(RadiusLadder ladder) => new(ladder, Selected());

    private static ChosenClass Selected()
    {
        var selection = new Selection(5);
        selection.Begin(10);
        selection.Count([Chosen, Chosen, Other, Lost]);
        return selection.Choose();
    }
}
