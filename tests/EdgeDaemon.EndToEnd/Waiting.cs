using System.Diagnostics;

namespace EdgeDaemon.EndToEnd;

/// <summary>What happens elsewhere is waited for by asking, with an end: no test sleeps and hopes.</summary>
internal static class Waiting
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task UntilAsync(Func<bool> holds)
    {
        for (var waited = Stopwatch.StartNew(); !holds(); await Task.Delay(10))
        {
            Assert.IsLessThan(Patience, waited.Elapsed, "it did not come about");
        }
    }
}
