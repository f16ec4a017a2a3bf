namespace EdgeDaemon.Ctl.Images;

/// <summary>
/// Gray to RGB: the value three times. RGB to gray: luma of ITU-R BT.601, round((299 R + 587 G + 114 B) / 1000), as Pillow
/// and OpenCV have it.
/// </summary>
internal static class ChannelChange
{
    public static RasterImage To(RasterImage image, int channels)
    {
        if (image.Channels == channels)
        {
            return image;
        }

        var changed = new RasterImage(image.Width, image.Height, channels);
        for (int i = 0; i < image.Width * image.Height; i++)
        {
            if (channels == 3)
            {
                changed.Samples.AsSpan(3 * i, 3).Fill(image.Samples[i]);
            }
            else
            {
                ReadOnlySpan<byte> rgb = image.Samples.AsSpan(3 * i, 3);
                changed.Samples[i] = (byte)(((299 * rgb[0]) + (587 * rgb[1]) + (114 * rgb[2]) + 500) / 1000);
            }
        }

        return changed;
    }
}
