using EdgeDaemon.Native.Onnx.Memory;

namespace EdgeDaemon.Tests.Native.Onnx.Memory;

[TestClass]
public sealed class MemoryPeaksTests
{
    private const long Slack = 4 << 20;

    [TestMethod]
    public void Nothing_known_is_nothing_expected_and_everything_allowed()
    {
        var peaks = new MemoryPeaks();
        Assert.AreEqual((false, 0L, long.MaxValue), (peaks.Known, peaks.Expected(100), peaks.Allowed(100)));
    }

    [TestMethod]
    public void Between_two_sizes_the_larger_ones_peak_counts_and_beyond_the_largest_it_grows()
    {
        var peaks = new MemoryPeaks();
        peaks.Learn(400, 4000);
        peaks.Learn(100, 1000);
        Assert.AreEqual(1000, peaks.Expected(1));
        Assert.AreEqual(1000, peaks.Expected(100));
        Assert.AreEqual(4000, peaks.Expected(101));
        Assert.AreEqual(8000, peaks.Expected(800), "in proportion");
        Assert.AreEqual((2 * 1000) + Slack, peaks.Allowed(50));
        Assert.AreEqual((2 * 16000) + Slack, peaks.Allowed(800), "with the square");
        Assert.IsGreaterThan(0, peaks.Allowed(long.MaxValue));
    }

    [TestMethod]
    public void A_higher_peak_is_learnt_and_a_lower_one_takes_nothing_away()
    {
        var peaks = new MemoryPeaks();
        peaks.Learn(100, 1000);
        peaks.Learn(100, 500);
        Assert.AreEqual(1000, peaks.Expected(100));
        peaks.Learn(50, 3000);
        Assert.AreEqual(3000, peaks.Expected(100), "a larger input takes no less");
        for (int i = 0; i < 1000; i++)
        {
            peaks.Learn(200 + i, 4000 + i);
        }

        Assert.AreEqual(4999, peaks.Expected(1199));
    }

    [TestMethod]
    public void What_one_caller_made_a_run_take_is_forgotten_and_what_the_probe_saw_is_not()
    {
        var peaks = new MemoryPeaks();
        peaks.Expect(100, 1000);
        peaks.Learn(100, 900_000);
        Assert.AreEqual(900_000, peaks.Expected(100));
        Assert.AreEqual(900_000, peaks.Expected(60));
        Learn(MemoryPeaks.Remembered - 1, 100, 3000);
        Assert.AreEqual(900_000, peaks.Expected(100), "not before so many runs took less");
        Learn(1, 100, 100);
        Assert.AreEqual(3000, peaks.Expected(100));
        Learn(2 * MemoryPeaks.Remembered, 100, 100);
        Assert.AreEqual(1000, peaks.Expected(100));

        void Learn(int runs, long bytes, long peak)
        {
            for (int i = 0; i < runs; i++)
            {
                peaks.Learn(bytes, peak);
            }
        }
    }

    [TestMethod]
    public void A_size_goes_on_being_held_against_the_smaller_ones_when_it_forgets()
    {
        var peaks = new MemoryPeaks();
        peaks.Learn(100, 5000);
        peaks.Learn(1000, 9000);
        for (int i = 0; i < MemoryPeaks.Remembered; i++)
        {
            peaks.Learn(1000, 10);
        }

        Assert.AreEqual(5000, peaks.Expected(1000), "larger inputs take no less than smaller ones");
        Assert.AreEqual(5000, peaks.Expected(100));
    }
}
