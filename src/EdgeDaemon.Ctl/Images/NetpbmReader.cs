namespace EdgeDaemon.Ctl.Images;

/// <summary>PGM and PPM, plain (P2, P3) and raw (P5, P6), with any maxval to 65535; pictures may follow one another in a file (pgm(5), ppm(5)).</summary>
internal static class NetpbmReader
{
    private const int MaxSample = 65535;

    public static bool Recognises(ReadOnlySpan<byte> file) => file is [(byte)'P', (byte)'2' or (byte)'3' or (byte)'5' or (byte)'6', ..];

    public static RasterImage Read(ReadOnlySpan<byte> file, int index)
    {
        var cursor = new NetpbmCursor(file);
        for (int i = 0; ; i++)
        {
            if (!Recognises(cursor.Rest))
            {
                throw new ImageException(cursor.Rest.IsEmpty
                    ? $"the file holds {Count(i)}; there is no number {index}"
                    : $"byte {cursor.Position} should start picture number {i} (P2, P3, P5 or P6)");
            }

            NetpbmHeader header = Header(ref cursor);
            if (i == index)
            {
                return header.Plain ? Plain(header, ref cursor) : Raw(header, ref cursor);
            }

            Skip(header, ref cursor);
            cursor.SkipBlank();
        }
    }

    /// <summary>All of them, each looked at once.</summary>
    public static List<RasterImage> ReadAll(ReadOnlySpan<byte> file)
    {
        var images = new List<RasterImage>();
        var cursor = new NetpbmCursor(file);
        do
        {
            if (!Recognises(cursor.Rest))
            {
                throw new ImageException($"byte {cursor.Position} should start picture number {images.Count} (P2, P3, P5 or P6)");
            }

            NetpbmHeader header = Header(ref cursor);
            if (header.Plain)
            {
                images.Add(Plain(header, ref cursor));
            }
            else
            {
                images.Add(Raw(header, ref cursor));
                Skip(header, ref cursor);
            }

            cursor.SkipBlank();
        }
        while (!cursor.Rest.IsEmpty);
        return images;
    }

    private static string Count(int pictures) =>
        pictures == 1 ? "one picture, number 0" : $"{pictures} pictures, numbers 0 to {pictures - 1}";

    private static NetpbmHeader Header(ref NetpbmCursor cursor)
    {
        byte kind = cursor.Rest[1];
        cursor.Skip(2);
        int width = cursor.Number("the width", RasterImage.MaxSide);
        int height = cursor.Number("the height", RasterImage.MaxSide);
        int max = cursor.Number("the largest value", MaxSample);
        if (max == 0)
        {
            throw new ImageException("its largest value (maxval) is 0; it must be 1 to 65535");
        }

        int channels = kind is (byte)'3' or (byte)'6' ? 3 : 1;
        int samples = RasterImage.CheckedSize(width, height, channels);
        bool plain = kind is (byte)'2' or (byte)'3';
        if (!plain)
        {
            // Exactly one blank ends a raw header: the next byte is a sample, whatever it looks like.
            cursor.OneBlank();
        }

        // The file must hold what the header promises before memory is taken for it.
        long least = plain ? samples : (long)samples * (max < 256 ? 1 : 2);
        if (cursor.Rest.Length < least)
        {
            throw new ImageException($"it ends early: {width}x{height} needs {least} bytes of samples or more, {cursor.Rest.Length} are there");
        }

        return new NetpbmHeader(width, height, channels, max, plain);
    }

    private static RasterImage Plain(NetpbmHeader header, ref NetpbmCursor cursor)
    {
        var image = new RasterImage(header.Width, header.Height, header.Channels);
        for (int i = 0; i < image.Samples.Length; i++)
        {
            image.Samples[i] = SampleScale.ToByte(cursor.Number("a sample", header.Max), header.Max);
        }

        return image;
    }

    private static RasterImage Raw(NetpbmHeader header, ref NetpbmCursor cursor)
    {
        var image = new RasterImage(header.Width, header.Height, header.Channels);
        ReadOnlySpan<byte> samples = cursor.Rest;
        for (int i = 0; i < image.Samples.Length; i++)
        {
            int value = header.Max < 256 ? samples[i] : (samples[2 * i] << 8) | samples[(2 * i) + 1];
            image.Samples[i] = value <= header.Max
                ? SampleScale.ToByte(value, header.Max)
                : throw new ImageException($"a sample is {value}, above the file's own largest value {header.Max}");
        }

        return image;
    }

    private static void Skip(NetpbmHeader header, ref NetpbmCursor cursor)
    {
        int samples = header.Width * header.Height * header.Channels;
        if (!header.Plain)
        {
            cursor.Skip(samples * (header.Max < 256 ? 1 : 2));
            return;
        }

        for (int i = 0; i < samples; i++)
        {
            cursor.Number("a sample", header.Max);
        }
    }
}
