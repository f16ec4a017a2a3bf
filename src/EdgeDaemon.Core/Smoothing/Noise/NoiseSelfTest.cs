namespace EdgeDaemon.Core.Smoothing.Noise;

/// <summary>Checks of the generator and of live noise before the first certificate (rule S7).</summary>
public static class NoiseSelfTest
{
    /// <summary>Null when all is well; otherwise what is wrong, in one line. Takes less than 50 ms; rejects good noise less than once in 1e9 starts.</summary>
    public static string? Run(RowNoise noise) => throw new NotImplementedException();
}
