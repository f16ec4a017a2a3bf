using System.Collections.Immutable;
using System.Runtime.InteropServices;
using EdgeDaemon.Core.Smoothing;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Core.Smoothing.Noise;
using EdgeDaemon.Engine;
using EdgeDaemon.Engine.Smoothing;
using EdgeDaemon.Engine.Voting;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Tests.Admission;
using EdgeDaemon.Tests.Engine.Voting;
using EdgeDaemon.Tests.Native.Onnx;

namespace EdgeDaemon.Tests.Engine.Smoothing;

/// <summary>A consensus of two of three members: rows on which they do not agree wait for others like them, and are answered as they would have been.</summary>
[TestClass]
public sealed class GatheredRowsTests
{
    // Each chooses the larger of two features, by scales of its own: they differ near the line between.
    private static readonly (string, byte[])[] Members =
    [
        ("a", VotingModel.Linear([1, 0, 0, 1])), ("b", VotingModel.Linear([1, 0, 0, 1.15f])), ("c", VotingModel.Linear([1.3f, 0, 0, 1])),
    ];

    [TestMethod]
    [Timeout(300_000)]
    public async Task Counts_do_not_depend_on_what_is_gathered()
    {
        int fewer = 0;
        for (int seed = 0; seed < 30; seed++)
        {
            var random = new Random(seed);
            int rows = random.Next(2, 60), count = random.Next(1, 20);
            SmoothingQuestion question = random.Next(3) switch { 0 => Questions.Predict(random.Next(1, 300)), 1 => Questions.Fixed(random.Next(30, 300)), _ => Questions.Sequential() };
            float[][] x = [.. Enumerable.Range(0, count).Select(_ => new[] { (float)random.NextDouble(), (float)random.NextDouble() })];
            (SmoothedInput[] gathered, long less) = await RunAsync(x, question, rows, gathers: true, seed);
            (SmoothedInput[] plain, long all) = await RunAsync(x, question, rows, gathers: false, seed);
            Assert.AreEqual(Told(plain), Told(gathered), $"seed {seed}: {count} inputs in runs of {rows}");
            fewer += less < all ? 1 : 0;
        }

        Assert.IsGreaterThan(8, fewer, "else nothing was gathered, and this shows nothing");
    }

    [TestMethod]
    [Timeout(120_000)]
    public async Task Many_inputs_take_fewer_runs_of_members_and_one_alone_as_many_as_ever()
    {
        float[][] x = [.. Enumerable.Range(0, 40).Select(i => new[] { 0.5f + (i / 100f), 0.3f })];
        (_, long gathered) = await RunAsync(x, Questions.Sequential(), 100, gathers: true, 1);
        (_, long plain) = await RunAsync(x, Questions.Sequential(), 100, gathers: false, 1);
        Assert.IsLessThan(0.85 * plain, gathered, $"{gathered} of {plain}");
        (_, long one) = await RunAsync([x[0]], Questions.Sequential(), 100, gathers: true, 1);
        (_, long alone) = await RunAsync([x[0]], Questions.Sequential(), 100, gathers: false, 1);
        Assert.AreEqual(alone, one);
    }

    [TestMethod]
    public void Rows_left_open_have_no_answer_and_no_others_than_may_be()
    {
        using var model = new VotingModel("rule = \"mean\"\nconsensus = 2", 2, Members);
        float[] x = [1, 0, 1, 0.9f, 0, 1, 1, 0.95f]; // On the second and the last the first two differ.
        RowVote[] open = Ask(model, x, mayLeave: 2, out float[] logits);
        CollectionAssert.AreEqual(new[] { false, true, false, true }, open.Select(row => row.IsOpen).ToArray());
        CollectionAssert.AreEqual(new[] { 2, 0, 2, 0 }, open.Select(row => row.Members).ToArray());
        Assert.IsTrue(float.IsNaN(logits[2]) && float.IsNaN(logits[3]) && float.IsNaN(logits[6]) && open[1].Answer == Votes.None, "what two of three say passes for no answer");

        // On the very lane that may still have it: what one certification allowed must not reach the next request.
        Assert.IsFalse(Ask(model, x, mayLeave: null, out _).Any(row => row.IsOpen), "for whoever does not ask for it nothing stays open");

        RowVote[] few = Ask(model, x, mayLeave: 1, out float[] all);
        CollectionAssert.AreEqual(new[] { 2, 3, 2, 3 }, few.Select(row => row.Members).ToArray(), "more than may be: all are asked");
        Assert.IsFalse(few.Any(row => row.IsOpen) || all.Any(float.IsNaN));
        CollectionAssert.AreEqual(all[..2], logits[..2], "and a row on which they agree is answered alike either way");
    }

    // Null: as a request that knows nothing of it, on the lane that was just used by one that does.
    private static RowVote[] Ask(VotingModel model, float[] x, int? mayLeave, out float[] logits)
    {
        TensorBlock block = model.Memory.Rent(x.Length * sizeof(float), null);
        MemoryMarshal.AsBytes(x.AsSpan()).CopyTo(block.GetSpan());
        Assert.IsTrue(model.Engine.TryEnter(out Lane lane));
        if (mayLeave is { } rows)
        {
            lane.Ensemble!.MayLeave = rows;
        }

        lane.Run([new EngineInput(Running.Shape(x.Length / 2, 2), block, x.Length * sizeof(float))]);
        logits = MemoryMarshal.Cast<byte, float>(lane.OutputData(0)).ToArray();
        RowVote[] votes = [.. Enumerable.Range(0, x.Length / 2).Select(row => lane.Ensemble!.Count.Result.Row(row))];
        model.Engine.Leave(lane);
        block.Return();
        return votes;
    }

    /// <returns>The inputs, and how often a member ran.</returns>
    private static async Task<(SmoothedInput[] Inputs, long MemberRuns)> RunAsync(float[][] x, SmoothingQuestion question, int rows, bool gathers, int number)
    {
        using var model = new VotingModel("rule = \"mean\"\nconsensus = 2", 2, Members);
        using var seed = new NoiseSeed([.. Enumerable.Range(0, NoiseSeed.Size).Select(i => (byte)(i + number))]);
        ImmutableArray<SmoothedInput> inputs = [.. x.Select((input, place) => new SmoothedInput(place, MemoryMarshal.AsBytes(input.AsSpan()).ToArray(), seed.Key((uint)place), question, 2, 4 * rows))];
        TensorBlock[] blocks = [.. Enumerable.Range(0, 3).Select(_ => model.Memory.Rent(rows * VotingModel.Features * sizeof(float), null))];
        SmoothingBatch[] batches = [.. blocks.Select(block => new SmoothingBatch(block, Running.Shape(rows, VotingModel.Features)))];
        var run = new SmoothingRun(inputs);
        var loop = new SmoothingLoop(run, batches[0], batches[1], 0, 2, new TestClock(), VoteRule.Mean, gathers ? batches[2] : null);
        await loop.RunAsync(
            _ =>
            {
                Assert.IsTrue(model.Engine.TryEnter(out Lane lane));
                return new ValueTask<LaneTurn>(new LaneTurn(lane));
            },
            turn => model.Engine.Leave(turn), null, long.MaxValue, long.MaxValue, default);
        Array.ForEach(blocks, block => block.Return());
        Assert.IsTrue(inputs.All(input => input.IsOver && input.Stopped != StoppedBy.Deadline));
        VoteSum votes = model.Engine.Votes;
        return ([.. inputs], (2 * votes.EarlyExits) + (3 * (votes.Votes - votes.EarlyExits)));
    }

    private static string Told(IEnumerable<SmoothedInput> inputs) => string.Join("; ", inputs.Select(input =>
        $"{input.Class} {input.Radius} {input.Basis} {input.Stopped} {string.Join(',', input.Selected.Counts)} {string.Join(',', input.Counted.Counts)}"));
}
