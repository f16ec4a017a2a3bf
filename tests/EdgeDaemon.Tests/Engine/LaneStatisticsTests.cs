using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine;

namespace EdgeDaemon.Tests.Engine;

[TestClass]
public sealed class LaneStatisticsTests
{
    [TestMethod]
    public void Lanes_are_added_up_and_every_duration_of_answers_has_their_count()
    {
        LaneStatistics[] lanes = [new(), new()];
        for (int i = 0; i < 5; i++)
        {
            RequestTimes times = RequestTimes.Begin();
            times.TensorsReady();
            times.LaneEntered();
            long now = System.Diagnostics.Stopwatch.GetTimestamp();
            times.Run(new RunAnswer(null!, 1, 0, 1, now, now));
            lanes[i % 2].CountExecution(1, i + 1, 100);
            lanes[i % 2].CountAnswer(times, i + 1);
        }

        lanes[0].CountExecution(1, 1, 100); // A run whose answer was refused.
        ModelStatistics sum = LaneStatistics.Sum("m", "1", lanes, new StatisticDuration(2, 7));
        Assert.AreEqual(5UL, sum.InferenceCount);
        Assert.AreEqual(6UL, sum.ExecutionCount);
        Assert.AreEqual("1:2 2:1 3:1 4:1 5:1", string.Join(' ', sum.Batches.Select(batch => $"{batch.Size}:{batch.ComputeInfer.Count}")));
        Assert.AreEqual(new StatisticDuration(2, 7), sum.Fail);
        StatisticDuration[] durations = [sum.Success, sum.Queue, sum.ComputeInput, sum.ComputeInfer, sum.ComputeOutput];
        Assert.IsTrue(durations.All(duration => duration.Count == 5));
        ulong parts = sum.Queue.Nanoseconds + sum.ComputeInput.Nanoseconds + sum.ComputeInfer.Nanoseconds + sum.ComputeOutput.Nanoseconds;
        Assert.IsTrue(parts <= sum.Success.Nanoseconds + 4 && sum.Success.Nanoseconds <= parts + 4, $"{parts} of {sum.Success.Nanoseconds}");
        Assert.IsTrue(sum.LastInference > 1_600_000_000_000UL);
    }
}
