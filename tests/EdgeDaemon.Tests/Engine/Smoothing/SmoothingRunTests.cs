using System.Runtime.InteropServices;
using EdgeDaemon.Core.Smoothing;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Core.Smoothing.Noise;
using EdgeDaemon.Engine.Smoothing;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Tests.Native.Onnx;

namespace EdgeDaemon.Tests.Engine.Smoothing;

/// <summary>Samples in runs, over a classifier that is a line in C#: what is answered must not depend on how the runs were cut.</summary>
[TestClass]
public sealed class SmoothingRunTests
{
    private const int Features = 6;
    private static readonly float[][] Inputs = [[0.30f, 0, 0, 0, 0, 0], [0.05f, 0, 0, 0, 0, 0], [-0.4f, 0, 0, 0, 0, 0], [0.02f, 0.1f, 0, 0, 0, 0]];

    [TestMethod]
    [DataRow(1)]
    [DataRow(7)]
    [DataRow(50)]
    [DataRow(64)]
    [DataRow(333)]
    public void The_same_seed_gives_the_same_counts_however_the_runs_are_cut(int rows)
    {
        string expected = Told(Answer(rows: 100, Questions.Sequential(), Seed(1)));
        Assert.AreEqual(expected, Told(Answer(rows, Questions.Sequential(), Seed(1))));
        Assert.AreNotEqual(expected, Told(Answer(rows, Questions.Sequential(), Seed(2))), "control: another seed is another path");
    }

    [TestMethod]
    public void An_input_is_answered_alike_alone_and_among_others()
    {
        NoiseSeed seed = Seed(3);
        SmoothedInput[] together = Answer(100, Questions.Sequential(), seed);
        for (int place = 0; place < Inputs.Length; place++)
        {
            SmoothedInput alone = Answer(100, Questions.Sequential(), seed, place).Single();
            Assert.AreEqual(Told([alone]), Told([together[place]]));
        }
    }

    [TestMethod]
    public void Inputs_that_are_the_same_have_noise_of_their_own()
    {
        var question = Questions.Fixed(200);
        SmoothedInput[] twins = [.. Enumerable.Range(0, 2).Select(place => new SmoothedInput(place, Bytes(Inputs[1]), Seed(4).Key((uint)place), question, 2, Questions.Away))];
        Run(new SmoothingRun([.. twins]), 100);
        Assert.AreNotEqual(twins[0].Counted.Of(0), twins[1].Counted.Of(0), "else one unlucky draw would be wrong for all of a batch");
    }

    [TestMethod]
    public void Free_rows_go_to_the_undecided_input_with_the_fewest_samples()
    {
        var question = Questions.Sequential();
        SmoothedInput[] inputs = [.. Enumerable.Range(0, 3).Select(place => Questions.Input(question, place))];
        var run = new SmoothingRun([.. inputs]);
        using TensorBlockPool pool = new(1 << 20);
        SmoothingBatch batch = Batch(pool, 10, out TensorBlock block, features: 2);
        Assert.IsTrue(run.Plan(batch));
        CollectionAssert.AreEqual(new[] { 4, 3, 3 }, inputs.Select(input => input.Handed).ToArray());
        batch.SettleFailed();
        inputs[1].Stop(StoppedBy.Deadline);
        Assert.IsTrue(run.Plan(batch));
        CollectionAssert.AreEqual(new[] { 9, 3, 8 }, inputs.Select(input => input.Handed).ToArray(), "none goes to the one that is decided");
        run.Stop(StoppedBy.Deadline);
        Assert.IsFalse(batch.IsWanted());
        batch.Clear();
        Assert.IsFalse(run.Plan(batch));
        block.Return();
    }

    // By the law of certificates: who has no class because every sample that chooses failed has ended there, whatever made them fail, and a certificate that says otherwise is refused.
    [TestMethod]
    [DataRow(Questions.Selection, StoppedBy.Samples)]
    [DataRow(Questions.Selection / 2, StoppedBy.Deadline)]
    public void A_late_run_ends_by_the_deadline_whom_it_does_not_end_by_itself(int rows, StoppedBy by)
    {
        SmoothedInput input = Questions.Input(Questions.Sequential(), 0);
        var run = new SmoothingRun([input]);
        using TensorBlockPool pool = new(1 << 20);
        SmoothingBatch batch = Batch(pool, rows, out TensorBlock block, features: 2);
        Assert.IsTrue(run.Plan(batch));
        run.SettleFailed(batch);
        run.Stop(StoppedBy.Deadline);
        Assert.AreEqual((by, Votes.None, rows), (input.Stopped, input.Class, input.Selected.Failed));
        batch.Clear();
        block.Return();
    }

    [TestMethod]
    public void A_radius_grows_with_the_distance_to_the_line()
    {
        SmoothedInput[] inputs = Answer(100, Questions.Fixed(1000), Seed(5));
        Assert.AreEqual((0, 1), (inputs[0].Class, inputs[2].Class));
        Assert.IsTrue(inputs[0].Radius is > 0.15 and < 0.30, "below the true distance, which is the radius of a linear classifier");
        Assert.IsTrue(inputs[2].Radius is > 0.2 and < 0.40);
        Assert.IsTrue(inputs[1].Radius <= 0.05 && inputs[3].Radius <= 0.02);
    }

    private static SmoothedInput[] Answer(int rows, SmoothingQuestion question, NoiseSeed seed, int? only = null)
    {
        SmoothedInput[] inputs = [.. Enumerable.Range(0, Inputs.Length).Where(place => only is null || place == only).Select(place => new SmoothedInput(place, Bytes(Inputs[place]), seed.Key((uint)place), question, 2, Questions.Away))];
        Run(new SmoothingRun([.. inputs]), rows);
        return inputs;
    }

    // Class 0 where the first feature is above 0.
    private static void Run(SmoothingRun run, int rows)
    {
        using TensorBlockPool pool = new(1 << 24);
        SmoothingBatch batch = Batch(pool, rows, out TensorBlock block);
        float[] logits = new float[2 * rows];
        while (run.Plan(batch))
        {
            batch.Fill();
            ReadOnlySpan<float> tensor = MemoryMarshal.Cast<byte, float>(block.GetSpan());
            for (int row = 0; row < rows; row++)
            {
                logits[2 * row] = tensor[row * Features];
                logits[(2 * row) + 1] = 0;
            }

            batch.Settle(logits, 2);
        }

        block.Return();
        Assert.IsTrue(run.Inputs.All(input => input.IsOver));
    }

    private static SmoothingBatch Batch(TensorBlockPool pool, int rows, out TensorBlock block, int features = Features)
    {
        block = pool.Rent(rows * features * sizeof(float), null);
        return new SmoothingBatch(block, Running.Shape(rows, features));
    }

    private static NoiseSeed Seed(byte number) => new([.. Enumerable.Range(0, NoiseSeed.Size).Select(i => (byte)(i + number))]);

    private static byte[] Bytes(float[] input) => MemoryMarshal.AsBytes(input.AsSpan()).ToArray();

    private static string Told(IEnumerable<SmoothedInput> inputs) => string.Join("; ", inputs.Select(input =>
        $"{input.Class} {input.Radius} {input.Basis} {input.Stopped} {string.Join(',', input.Selected.Counts)} {string.Join(',', input.Counted.Counts)}"));
}
