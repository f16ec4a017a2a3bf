namespace EdgeDaemon.Ctl.Images;

/// <summary>
/// A picture of 8-bit samples, rows from top to bottom, the channels of a pixel side by side: 1 (gray) or 3 (red, green,
/// blue).
/// </summary>
internal sealed class RasterImage
{
    /// <summary>Larger than any model's input; a bound that is checked before a header's numbers become an allocation.</summary>
    public const int MaxSide = 16384;

    /// <summary>64 megapixels: 192 MB of samples.</summary>
    public const long MaxPixels = 1L << 26;

    public RasterImage(int width, int height, int channels)
        : this(width, height, channels, new byte[CheckedSize(width, height, channels)])
    {
    }

    private RasterImage(int width, int height, int channels, byte[] samples)
    {
        Width = width;
        Height = height;
        Channels = channels;
        Samples = samples;
    }

    public int Width { get; }

    public int Height { get; }

    public int Channels { get; }

    public byte[] Samples { get; }

    /// <summary>Samples of a picture of that size.</summary>
    /// <exception cref="ImageException">The size is not one this program reads.</exception>
    public static int CheckedSize(int width, int height, int channels)
    {
        if (width is < 1 or > MaxSide || height is < 1 or > MaxSide || (long)width * height > MaxPixels)
        {
            throw new ImageException(
                $"its size of {width}x{height} is beyond what is read (each side 1 to {MaxSide}, {MaxPixels >> 20} megapixels); scale it down first");
        }

        return width * height * channels;
    }
}
