namespace EdgeDaemon.Ctl.Images;

/// <summary>Samples of any depth -> 8 bits, nearest: value v of 0..max becomes round(255 v / max).</summary>
internal static class SampleScale
{
    public static byte ToByte(int value, int max) => (byte)(((510 * value) + max) / (2 * max));
}
