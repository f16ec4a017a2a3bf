using System.IO.Compression;

namespace EdgeDaemon.Ctl.Images;

/// <summary>
/// PNG (third edition): every depth and colour type, not interlaced. Gamma and colour profiles are not applied: the samples
/// are taken as they stand, which is what training code does.
/// </summary>
internal static class PngReader
{
    public static ReadOnlySpan<byte> Signature => [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];

    public static RasterImage Read(ReadOnlyMemory<byte> file)
    {
        PngHeader? header = null;
        byte[]? palette = null;
        byte[]? transparency = null;
        var data = new List<ReadOnlyMemory<byte>>();
        var chunks = new PngChunks(file[Signature.Length..]);
        while (chunks.Next(out string type, out ReadOnlyMemory<byte> content))
        {
            if ((header is null) != (type == "IHDR"))
            {
                throw new ImageException(header is null ? "it does not begin with an IHDR chunk" : "it has two IHDR chunks");
            }

            switch (type)
            {
                case "IHDR":
                    header = PngHeader.Parse(content.Span);
                    break;
                case "PLTE":
                    palette = Palette(content.Span);
                    break;
                case "tRNS":
                    transparency = content.ToArray();
                    break;
                case "IDAT":
                    data.Add(content);
                    break;
                case "IEND":
                    return Decode(header!.Value, palette, transparency, data);
                default:
                    if (char.IsAsciiLetterUpper(type[0]))
                    {
                        throw new ImageException($"it holds the critical chunk {type}, which this program does not know");
                    }

                    break;
            }
        }

        throw new ImageException("it ends early: there is no IEND chunk");
    }

    private static byte[] Palette(ReadOnlySpan<byte> content) =>
        content.Length is > 0 and <= 768 && content.Length % 3 == 0
            ? content.ToArray()
            : throw new ImageException("its palette is not 1 to 256 colours of three bytes");

    private static RasterImage Decode(PngHeader header, byte[]? palette, byte[]? transparency, List<ReadOnlyMemory<byte>> data)
    {
        if (header.Color == PngColor.Palette && palette is null)
        {
            throw new ImageException("it is coloured by a palette that is missing");
        }

        var image = new RasterImage(header.Width, header.Height, header.Color is PngColor.Gray or PngColor.GrayAlpha ? 1 : 3);
        var pixels = new PngPixels(header, palette, transparency);
        using var inflated = new ZLibStream(new PngDataStream(data), CompressionMode.Decompress);
        byte[] row = new byte[header.RowBytes];
        byte[] above = new byte[header.RowBytes];
        Span<byte> filter = stackalloc byte[1];
        int outputRow = image.Width * image.Channels;
        for (int y = 0; y < image.Height; y++)
        {
            Fill(inflated, filter);
            Fill(inflated, row);
            PngFilter.Undo(filter[0], row, above, header.FilterStep);
            pixels.Expand(row, image.Samples.AsSpan(y * outputRow, outputRow));
            (row, above) = (above, row);
        }

        // Only what the header promises is ever inflated, so that a small file cannot fill the memory; more is a wrong file.
        if (Inflate(inflated, filter) != 0)
        {
            throw new ImageException("it holds more data than its size needs");
        }

        return image;
    }

    private static void Fill(Stream inflated, Span<byte> target)
    {
        while (target.Length > 0)
        {
            int read = Inflate(inflated, target);
            target = read > 0 ? target[read..] : throw new ImageException("it ends early: rows are missing");
        }
    }

    private static int Inflate(Stream inflated, Span<byte> target)
    {
        try
        {
            return inflated.Read(target);
        }
        catch (InvalidDataException error)
        {
            throw new ImageException("its compressed data is damaged", error);
        }
    }
}
