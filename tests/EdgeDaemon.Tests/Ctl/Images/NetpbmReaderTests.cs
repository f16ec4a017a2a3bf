using System.Text;
using EdgeDaemon.Ctl.Images;

namespace EdgeDaemon.Tests.Ctl.Images;

[TestClass]
public sealed class NetpbmReaderTests
{
    [TestMethod]
    public void Reads_plain_gray_with_comments_and_scales_to_eight_bits()
    {
        RasterImage image = Read("P2 # a digit\n3\n#c\n2 16\n0 8 16\n1 2 4");
        Assert.AreEqual((3, 2, 1), (image.Width, image.Height, image.Channels));
        CollectionAssert.AreEqual((byte[])[0, 128, 255, 16, 32, 64], image.Samples);
    }

    [TestMethod]
    public void Every_maxval_rounds_to_the_nearest()
    {
        foreach (int max in new[] { 1, 2, 15, 16, 100, 254, 255, 256, 1023, 65535 })
        {
            for (int value = 0; value <= max; value += Math.Max(1, max / 50))
            {
                Assert.AreEqual((byte)Math.Floor((255m * value / max) + 0.5m), Read($"P2 1 1 {max} {value}").Samples[0], $"{value}/{max}");
            }
        }
    }

    [TestMethod]
    public void Reads_plain_and_raw_colour_alike()
    {
        CollectionAssert.AreEqual((byte[])[10, 13, 35], Read("P3 1 1 255 10 13 35").Samples);

        // The first sample of a raw picture may look like a blank or a comment.
        CollectionAssert.AreEqual((byte[])[10, 13, 35], Read("P6 1 1 255\n\n\r#").Samples);
    }

    [TestMethod]
    public void Raw_samples_above_255_have_two_bytes_high_first()
    {
        byte[] file = [.. "P5 2 1 1000\n"u8, 0x03, 0xE8, 0x01, 0xF4];
        CollectionAssert.AreEqual((byte[])[255, 128], ImageFile.Read(file).Samples);
        byte[] above = [.. "P5 1 1 1000\n"u8, 0x03, 0xE9];
        Refused("1001", above);
    }

    [TestMethod]
    public void The_index_chooses_among_pictures_of_any_kind()
    {
        byte[] file = [.. "P5 1 1 255\nA"u8, .. "P5 2 1 255\nBC\n"u8, .. "P2 1 1 255 9\n"u8, .. "P6 1 1 255\nxyz"u8];
        CollectionAssert.AreEqual("A"u8.ToArray(), ImageFile.Read(file, 0).Samples);
        CollectionAssert.AreEqual("BC"u8.ToArray(), ImageFile.Read(file, 1).Samples);
        CollectionAssert.AreEqual((byte[])[9], ImageFile.Read(file, 2).Samples);
        CollectionAssert.AreEqual("xyz"u8.ToArray(), ImageFile.Read(file, 3).Samples);
        Refused("4 pictures, numbers 0 to 3; there is no number 4", file, 4);
    }

    [TestMethod]
    [DataRow("P5", "width")]
    [DataRow("P5 1", "height")]
    [DataRow("P5 1 1", "largest value")]
    [DataRow("P5 1 1 0\n0", "maxval")]
    [DataRow("P5 1 1 65536\n00", "65535")]
    [DataRow("P5 99999999999999999999 1 255\n", "above")]
    [DataRow("P5 16384 16384 255\n", "size")]
    [DataRow("P5 0 1 255\n", "size")]
    [DataRow("P5 2 2 255\nabc", "4 bytes")]
    [DataRow("P5 1 1 255", "blank")]
    [DataRow("P2 1 1 9 10", "above 9")]
    [DataRow("P2 2 1 9 1 x", "missing")]
    [DataRow("P2 1 1 9 -1", "missing")]
    [DataRow("P1 1 1 1", "PGM")]
    [DataRow("GIF89a", "GIF")]
    [DataRow("hello", "neither")]
    [DataRow("", "empty")]
    public void Refuses_with_the_reason(string file, string why) => Refused(why, Encoding.ASCII.GetBytes(file));

    [TestMethod]
    public void Damage_never_ends_in_anything_but_a_picture_or_a_refusal()
    {
        var random = new Random(5);
        byte[] good = [.. "P6 3 2 255\n"u8, .. new byte[18], .. "P2 2 2 99\n1 22 33 44\n"u8];
        for (int round = 0; round < 20_000; round++)
        {
            byte[] bad = [.. good];
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                bad[random.Next(bad.Length)] = (byte)random.Next(256);
            }

            try
            {
                ImageFile.Read(bad.AsMemory(0, random.Next(bad.Length + 1)), random.Next(3));
            }
            catch (ImageException)
            {
            }
        }
    }

    private static RasterImage Read(string file) => ImageFile.Read(Encoding.ASCII.GetBytes(file));

    private static void Refused(string why, byte[] file, int index = 0) =>
        StringAssert.Contains(Assert.ThrowsExactly<ImageException>(() => ImageFile.Read(file, index)).Message, why);
}
