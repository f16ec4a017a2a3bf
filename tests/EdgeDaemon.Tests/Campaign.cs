namespace EdgeDaemon.Tests;

/// <summary>How long a long test is: a share of it in <c>./build.sh test</c>, the whole in <c>./build.sh soak campaigns</c>, which sets EDGED_SOAK=1 and runs what has this category.</summary>
internal static class Campaign
{
    public const string Category = "Campaign";

    public static bool IsWhole { get; } = Environment.GetEnvironmentVariable("EDGED_SOAK") == "1";

    public static int Rounds(int share, int whole) => IsWhole ? whole : share;
}
