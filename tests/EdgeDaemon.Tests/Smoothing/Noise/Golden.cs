using System.Globalization;

namespace EdgeDaemon.Tests.Smoothing.Noise;

/// <summary>noise.golden: what noise_oracle.py printed, which shares no code with what it judges.</summary>
internal static class Golden
{
    private static readonly string[][] Rows = [.. File.ReadLines(Repository.File("tests/EdgeDaemon.Tests/Smoothing/Noise/noise.golden")).Select(line => line.Split(' '))];

    /// <summary>The words behind a first word.</summary>
    public static IEnumerable<string[]> Of(string kind)
    {
        string[][] rows = [.. Rows.Where(row => row[0] == kind).Select(row => row[1..])];
        Assert.AreNotEqual(0, rows.Length, kind);
        return rows;
    }

    public static double Number(string word) => double.Parse(word, CultureInfo.InvariantCulture);
}
