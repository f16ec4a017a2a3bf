using System.Buffers.Binary;

namespace EdgeDaemon.Ctl.Images;

/// <summary>IHDR of a PNG file (RFC 2083 successor: PNG third edition, 11.2.1), checked.</summary>
internal readonly record struct PngHeader(int Width, int Height, int Depth, PngColor Color)
{
    /// <summary>Samples of a pixel as the file has them.</summary>
    public int FileChannels => Color switch
    {
        PngColor.Rgb => 3,
        PngColor.GrayAlpha => 2,
        PngColor.RgbAlpha => 4,
        _ => 1,
    };

    /// <summary>Bytes of one unfiltered row.</summary>
    public int RowBytes => (int)((((long)Width * FileChannels * Depth) + 7) / 8);

    /// <summary>Distance, in bytes, to the sample a filter looks back to; at least one.</summary>
    public int FilterStep => Math.Max(1, FileChannels * Depth / 8);

    public static PngHeader Parse(ReadOnlySpan<byte> chunk)
    {
        if (chunk.Length != 13)
        {
            throw new ImageException("its IHDR chunk is not 13 bytes");
        }

        uint width = BinaryPrimitives.ReadUInt32BigEndian(chunk);
        uint height = BinaryPrimitives.ReadUInt32BigEndian(chunk[4..]);
        RasterImage.CheckedSize((int)Math.Min(width, int.MaxValue), (int)Math.Min(height, int.MaxValue), 3);
        int depth = chunk[8];
        var color = (PngColor)chunk[9];
        bool known = (color, depth) switch
        {
            (PngColor.Gray, 1 or 2 or 4 or 8 or 16) => true,
            (PngColor.Palette, 1 or 2 or 4 or 8) => true,
            (PngColor.Rgb or PngColor.GrayAlpha or PngColor.RgbAlpha, 8 or 16) => true,
            _ => false,
        };
        if (!known)
        {
            throw new ImageException($"colour type {chunk[9]} with {depth} bits is not PNG");
        }

        if (chunk[10] != 0 || chunk[11] != 0 || chunk[12] > 1)
        {
            throw new ImageException("it uses a compression, filter or interlace method that PNG does not define");
        }

        return chunk[12] == 0
            ? new PngHeader((int)width, (int)height, depth, color)
            : throw new ImageException("interlaced PNG is not read; save it without interlacing (Adam7)");
    }
}

/// <summary>PNG's colour types.</summary>
internal enum PngColor
{
    Gray = 0,
    Rgb = 2,
    Palette = 3,
    GrayAlpha = 4,
    RgbAlpha = 6,
}
