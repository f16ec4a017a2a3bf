using EdgeDaemon.Ctl.Images;

namespace EdgeDaemon.Tests.Ctl.Images;

[TestClass]
public sealed class PngReaderTests
{
    private static readonly int[] EveryFilter = [0, 1, 2, 3, 4];

    [TestMethod]
    [DataRow(0, 1)]
    [DataRow(0, 2)]
    [DataRow(0, 4)]
    [DataRow(0, 8)]
    [DataRow(0, 16)]
    [DataRow(2, 8)]
    [DataRow(2, 16)]
    [DataRow(3, 1)]
    [DataRow(3, 2)]
    [DataRow(3, 4)]
    [DataRow(3, 8)]
    [DataRow(4, 8)]
    [DataRow(4, 16)]
    [DataRow(6, 8)]
    [DataRow(6, 16)]
    public void Reads_every_colour_type_and_depth_with_every_filter(int color, int depth)
    {
        var random = new Random((color * 100) + depth);
        int max = (1 << depth) - 1;
        int channels = PngWriter.Channels(color);
        for (int round = 0; round < 40; round++)
        {
            int width = random.Next(1, 14);
            int height = random.Next(1, 9);
            int[] samples = [.. Enumerable.Range(0, width * height * channels).Select(i => color is 4 or 6 && i % channels == channels - 1 ? max : random.Next(max + 1))];
            byte[] palette = new byte[3 * (max & 255) + 3];
            random.NextBytes(palette);
            byte[][] chunks = color == 3 ? [PngWriter.Chunk("gAMA", [0, 0, 0, 1]), PngWriter.Chunk("PLTE", palette)] : [];
            byte[] file = PngWriter.Write(width, height, depth, color, samples, [.. EveryFilter.OrderBy(_ => random.Next())], chunks);

            RasterImage image = ImageFile.Read(file);

            Assert.AreEqual((width, height, color is 0 or 4 ? 1 : 3), (image.Width, image.Height, image.Channels));
            byte[] expected = color == 3
                ? [.. samples.SelectMany(s => palette.AsSpan(3 * s, 3).ToArray())]
                : [.. samples.Where((_, i) => color is 0 or 2 || i % channels != channels - 1).Select(s => (byte)Math.Floor((255m * s / max) + 0.5m))];
            CollectionAssert.AreEqual(expected, image.Samples);
        }
    }

    [TestMethod]
    public void Refuses_transparency_of_every_kind()
    {
        Refused("transparent", PngWriter.Write(1, 1, 8, 6, [1, 2, 3, 254], [0]));
        Refused("transparent", PngWriter.Write(1, 1, 8, 4, [1, 0], [0]));
        Refused("transparent", PngWriter.Write(1, 1, 8, 0, [7], [0], PngWriter.Chunk("tRNS", [0, 7])));
        Refused("transparent", PngWriter.Write(1, 1, 8, 2, [7, 8, 9], [0], PngWriter.Chunk("tRNS", [0, 7, 0, 8, 0, 9])));
        Refused("transparent", PngWriter.Write(1, 1, 8, 3, [0], [0], PngWriter.Chunk("PLTE", [1, 2, 3]), PngWriter.Chunk("tRNS", [0])));

        // The colour or the palette entry is named transparent but never used.
        Assert.AreEqual(8, ImageFile.Read(PngWriter.Write(1, 1, 8, 0, [8], [0], PngWriter.Chunk("tRNS", [0, 7]))).Samples[0]);
    }

    [TestMethod]
    public void Refuses_every_single_wrong_byte_or_reads_the_same_picture()
    {
        byte[] good = PngWriter.Write(5, 4, 8, 2, [.. Enumerable.Range(0, 60)], EveryFilter);
        byte[] expected = ImageFile.Read(good).Samples;
        for (int at = 0; at < good.Length; at++)
        {
            byte[] bad = [.. good];
            bad[at] ^= 0x55;
            try
            {
                // Only IEND's own bytes can be wrong without a check sum over pixels noticing; never another picture.
                CollectionAssert.AreEqual(expected, ImageFile.Read(bad).Samples, $"byte {at}");
            }
            catch (ImageException)
            {
            }
        }
    }

    [TestMethod]
    public void Refuses_every_truncation()
    {
        byte[] good = PngWriter.Write(5, 4, 8, 2, [.. Enumerable.Range(0, 60)], EveryFilter);
        for (int length = 0; length < good.Length; length++)
        {
            Assert.ThrowsExactly<ImageException>(() => ImageFile.Read(good.AsMemory(0, length)), $"{length} bytes");
        }
    }

    [TestMethod]
    public void Refuses_what_it_does_not_read_with_the_reason()
    {
        Refused("interlaced", [.. PngWriter.Signature, .. PngWriter.Header(1, 1, 8, 0, 1)]);
        Refused("3 bits", [.. PngWriter.Signature, .. PngWriter.Header(1, 1, 3, 0, 0)]);
        Refused("16 bits", [.. PngWriter.Signature, .. PngWriter.Header(1, 1, 16, 3, 0)]);
        Refused("size", [.. PngWriter.Signature, .. PngWriter.Header(0, 1, 8, 0, 0)]);
        Refused("size", [.. PngWriter.Signature, .. PngWriter.Header(16385, 1, 8, 0, 0)]);
        Refused("size", [.. PngWriter.Signature, .. PngWriter.Header(16000, 16000, 8, 0, 0)]);
        Refused("size", [.. PngWriter.Signature, .. PngWriter.Header(-1, 1, 8, 0, 0)]);
        Refused("palette", PngWriter.Write(1, 1, 8, 3, [0], [0]));
        Refused("palette", PngWriter.Write(1, 1, 8, 3, [1], [0], PngWriter.Chunk("PLTE", [1, 2, 3])));
        Refused("critical chunk ABCD", PngWriter.Write(1, 1, 8, 0, [0], [0], PngWriter.Chunk("ABCD", [])));
        Refused("two IHDR", PngWriter.Write(1, 1, 8, 0, [0], [0], PngWriter.Header(1, 1, 8, 0, 0)));
        Refused("begin with", [.. PngWriter.Signature, .. PngWriter.Chunk("IDAT", [])]);
        Refused("filter 5", PngWriter.Write(1, 1, 8, 0, [0], [5]));
        Refused("number 1", PngWriter.Write(1, 1, 8, 0, [0], [0]), index: 1);
    }

    [TestMethod]
    public void More_or_less_data_than_the_size_needs_is_refused_and_never_inflated()
    {
        byte[] File(byte[] rows) =>
            [.. PngWriter.Signature, .. PngWriter.Header(2, 2, 8, 0, 0), .. PngWriter.Chunk("IDAT", PngWriter.Compress(rows)), .. PngWriter.Chunk("IEND", [])];
        Assert.AreEqual(4, ImageFile.Read(File(new byte[6])).Samples.Length);
        Refused("rows are missing", File(new byte[5]));
        Refused("more data", File(new byte[7]));
        Refused("more data", File(new byte[64 << 20]));
    }

    private static void Refused(string why, byte[] file, int index = 0) =>
        StringAssert.Contains(Assert.ThrowsExactly<ImageException>(() => ImageFile.Read(file, index)).Message, why);
}
