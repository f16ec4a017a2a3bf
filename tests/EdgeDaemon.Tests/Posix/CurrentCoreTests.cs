using System.Globalization;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Tests.Posix;

[TestClass]
public sealed class CurrentCoreTests
{
    [TestMethod]
    public void Numbers_are_those_of_cores_that_this_process_may_run_on()
    {
        // "Cpus_allowed_list:  0-3,6"
        string allowed = File.ReadLines("/proc/self/status").Single(line => line.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal)).Split(':')[1];
        HashSet<int> cores = [.. allowed.Split(',').SelectMany(range =>
        {
            int[] ends = [.. range.Split('-').Select(end => int.Parse(end, CultureInfo.InvariantCulture))];
            return Enumerable.Range(ends[0], ends[^1] - ends[0] + 1);
        })];

        var seen = new HashSet<int>();
        Parallel.For(0, 1_000, _ =>
        {
            int number = CurrentCore.Number();
            lock (seen)
            {
                seen.Add(number);
            }
        });
        Assert.IsTrue(cores.IsSupersetOf(seen), string.Join(',', seen));
        Assert.IsGreaterThan(cores.Max(), CurrentCore.Count);
    }
}
