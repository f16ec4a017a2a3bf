namespace EdgeDaemon.Ctl.Images;

/// <summary>
/// Area averaging: each pixel of the result is the mean of the part of the picture that it covers, edges counted by their
/// share. Exact in integers, rounded once; no ringing, and nothing is invented when a picture shrinks.
/// </summary>
internal static class AreaResize
{
    public static RasterImage To(RasterImage image, int width, int height)
    {
        var result = new RasterImage(width, height, image.Channels);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                Average(image, result, x, y);
            }
        }

        return result;
    }

    /// <summary>
    /// In units of 1/height rows (1/width columns) of the source, pixel y of the result covers [y * H, (y + 1) * H): whole
    /// numbers throughout. The weights of a pixel add up to the source's W * H, at most 2^26: no overflow.
    /// </summary>
    private static void Average(RasterImage image, RasterImage result, int x, int y)
    {
        long top = (long)y * image.Height;
        long bottom = top + image.Height;
        long left = (long)x * image.Width;
        long right = left + image.Width;
        for (int c = 0; c < image.Channels; c++)
        {
            long sum = 0;
            for (long row = top / result.Height; row * result.Height < bottom; row++)
            {
                long tall = Math.Min(bottom, (row + 1) * result.Height) - Math.Max(top, row * result.Height);
                for (long column = left / result.Width; column * result.Width < right; column++)
                {
                    long wide = Math.Min(right, (column + 1) * result.Width) - Math.Max(left, column * result.Width);
                    sum += tall * wide * image.Samples[(((row * image.Width) + column) * image.Channels) + c];
                }
            }

            long area = (long)image.Width * image.Height;
            result.Samples[(((y * result.Width) + x) * image.Channels) + c] = (byte)(((2 * sum) + area) / (2 * area));
        }
    }
}
