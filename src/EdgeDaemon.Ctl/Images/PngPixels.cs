using System.Buffers.Binary;

namespace EdgeDaemon.Ctl.Images;

/// <summary>
/// A real row of a PNG file -> 8-bit gray or RGB samples. A model has no background to shine through a picture, so a pixel
/// that is not opaque is refused and never guessed at.
/// </summary>
internal sealed class PngPixels(PngHeader header, byte[]? palette, byte[]? transparency)
{
    private readonly int _max = (1 << header.Depth) - 1;

    public void Expand(ReadOnlySpan<byte> row, Span<byte> target)
    {
        Span<int> pixel = stackalloc int[4];
        pixel = pixel[..header.FileChannels];
        int at = 0;
        for (int x = 0; x < header.Width; x++)
        {
            for (int c = 0; c < pixel.Length; c++)
            {
                pixel[c] = Sample(row, (x * pixel.Length) + c);
            }

            if (!IsOpaque(pixel))
            {
                throw new ImageException("it has transparent pixels; flatten it onto a background first");
            }

            at += Write(pixel, target[at..]);
        }
    }

    private int Sample(ReadOnlySpan<byte> row, int index)
    {
        switch (header.Depth)
        {
            case 8:
                return row[index];
            case 16:
                return BinaryPrimitives.ReadUInt16BigEndian(row[(2 * index)..]);
            default:
                // Small samples lie from the high bits down.
                int bit = index * header.Depth;
                return (row[bit / 8] >> (8 - header.Depth - (bit % 8))) & _max;
        }
    }

    private bool IsOpaque(ReadOnlySpan<int> pixel)
    {
        if (header.Color is PngColor.GrayAlpha or PngColor.RgbAlpha)
        {
            return pixel[^1] == _max;
        }

        if (transparency is null)
        {
            return true;
        }

        if (header.Color == PngColor.Palette)
        {
            return pixel[0] >= transparency.Length || transparency[pixel[0]] == 255;
        }

        // Gray and RGB: one colour, 16 bits a sample, means transparent.
        if (transparency.Length != 2 * pixel.Length)
        {
            throw new ImageException("its tRNS chunk does not fit its colour type");
        }

        for (int c = 0; c < pixel.Length; c++)
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(transparency.AsSpan(2 * c)) != pixel[c])
            {
                return true;
            }
        }

        return false;
    }

    private int Write(ReadOnlySpan<int> pixel, Span<byte> target)
    {
        switch (header.Color)
        {
            case PngColor.Gray or PngColor.GrayAlpha:
                target[0] = SampleScale.ToByte(pixel[0], _max);
                return 1;
            case PngColor.Palette:
                int entry = 3 * pixel[0];
                if (entry >= palette!.Length)
                {
                    throw new ImageException($"a pixel names colour {pixel[0]}, which the palette does not have");
                }

                palette.AsSpan(entry, 3).CopyTo(target);
                return 3;
            default:
                for (int c = 0; c < 3; c++)
                {
                    target[c] = SampleScale.ToByte(pixel[c], _max);
                }

                return 3;
        }
    }
}
