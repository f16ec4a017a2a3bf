namespace EdgeDaemon.Ctl.Images;

/// <summary>Reads one picture of a file, told by its first bytes and never by its name.</summary>
internal static class ImageFile
{
    public const long MaxFileBytes = 512L << 20;

    /// <param name="bytes">The file.</param>
    /// <param name="index">Which of the file's pictures, from 0; PNG files have one.</param>
    /// <exception cref="ImageException">Not a picture of a known kind, damaged, or without that index.</exception>
    public static RasterImage Read(ReadOnlyMemory<byte> bytes, int index = 0)
    {
        ReadOnlySpan<byte> start = bytes.Span;
        if (start.StartsWith(PngReader.Signature))
        {
            return index == 0
                ? PngReader.Read(bytes)
                : throw new ImageException($"a PNG file holds one picture, number 0; there is no number {index}");
        }

        if (NetpbmReader.Recognises(start))
        {
            return NetpbmReader.Read(start, index);
        }

        throw new ImageException(start switch
        {
            [0xFF, 0xD8, ..] => "JPEG is not read; convert it first, for example: convert picture.jpg picture.png",
            [(byte)'G', (byte)'I', (byte)'F', ..] => "GIF is not read; convert it to PNG first",
            [(byte)'P', (byte)'1' or (byte)'4' or (byte)'7', ..] => "of the netpbm formats PGM and PPM (P2, P3, P5, P6) are read; convert it first",
            [] => "the file is empty",
            _ => "neither PNG nor PGM/PPM (P2, P3, P5, P6)",
        });
    }

    /// <summary>Whether the first bytes are those of a known kind.</summary>
    public static bool Recognises(ReadOnlySpan<byte> start) => start.StartsWith(PngReader.Signature) || NetpbmReader.Recognises(start);

    /// <summary>Every picture of a file, in order.</summary>
    /// <exception cref="ImageException">Not a picture of a known kind, or damaged.</exception>
    public static IReadOnlyList<RasterImage> ReadAll(ReadOnlyMemory<byte> bytes) =>
        NetpbmReader.Recognises(bytes.Span) ? NetpbmReader.ReadAll(bytes.Span) : [Read(bytes)];
}
