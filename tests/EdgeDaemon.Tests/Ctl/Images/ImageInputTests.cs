using System.Collections.Immutable;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Client.Models;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Ctl.Images;

namespace EdgeDaemon.Tests.Ctl.Images;

[TestClass]
public sealed class ImageInputTests
{
    [TestMethod]
    public void Planes_for_nchw_and_pixels_for_nhwc()
    {
        RasterImage image = Rgb(2, 1, [1, 2, 3, 4, 5, 6]);
        InputTensor planes = ImageInput.Of(Model(ImageFormat.Nchw, [-1, 3, 1, 2])).Fill(image, resize: false);
        CollectionAssert.AreEqual((long[])[1, 3, 1, 2], planes.Shape.ToArray());
        CollectionAssert.AreEqual((byte[])[1, 4, 2, 5, 3, 6], planes.Bytes.ToArray());

        InputTensor pixels = ImageInput.Of(Model(ImageFormat.Nhwc, [1, 1, 2, 3])).Fill(image, resize: false);
        CollectionAssert.AreEqual((long[])[1, 1, 2, 3], pixels.Shape.ToArray());
        CollectionAssert.AreEqual((byte[])[1, 2, 3, 4, 5, 6], pixels.Bytes.ToArray());
    }

    [TestMethod]
    public void Colour_becomes_gray_by_luma_and_gray_becomes_colour_by_repeating()
    {
        ImageInput gray = ImageInput.Of(Model(ImageFormat.Nchw, [-1, 1, 1, 1]));
        Assert.AreEqual((byte)Math.Round(((299m * 200) + (587 * 100) + (114 * 50)) / 1000), gray.Fill(Rgb(1, 1, [200, 100, 50]), false).Bytes.Span[0]);
        Assert.AreEqual(255, gray.Fill(Rgb(1, 1, [255, 255, 255]), false).Bytes.Span[0]);

        var one = new RasterImage(1, 1, 1);
        one.Samples[0] = 77;
        CollectionAssert.AreEqual((byte[])[77, 77, 77], ImageInput.Of(Model(ImageFormat.Nhwc, [-1, 1, 1, 3])).Fill(one, false).Bytes.ToArray());
    }

    [TestMethod]
    public void Another_size_is_refused_unless_resizing_is_asked_for()
    {
        ImageInput input = ImageInput.Of(Model(ImageFormat.Nchw, [-1, 1, 8, 6]));
        var image = new RasterImage(16, 16, 1);
        string message = Assert.ThrowsExactly<ImageException>(() => input.Fill(image, resize: false)).Message;
        StringAssert.Contains(message, "16x16");
        StringAssert.Contains(message, "6x8");
        StringAssert.Contains(message, "--resize");
        Assert.AreEqual(48, input.Fill(image, resize: true).Bytes.Length);
    }

    [TestMethod]
    public void Refuses_models_that_no_picture_can_fill_with_the_reason()
    {
        Refused("does not declare", Model(ImageFormat.None, [-1, 1, 8, 8]));
        Refused("does not declare", Model(ImageFormat.Nchw, [1, 8, 8]));
        Refused("FP32", Model(ImageFormat.Nchw, [-1, 1, 8, 8], ElementType.Float32));
        Refused("shape", Model(ImageFormat.Nchw, [-1, 2, 8, 8]));
        Refused("shape", Model(ImageFormat.Nchw, [-1, 3, -1, 8]));
        Refused("shape", Model(ImageFormat.Nchw, [2, 3, 8, 8]));
        Refused("2 inputs", Model(ImageFormat.Nchw, [-1, 1, 8, 8]) with { Inputs = [.. Model(ImageFormat.Nchw, [1]).Inputs, .. Model(ImageFormat.Nchw, [1]).Inputs] });
    }

    [TestMethod]
    public void Resizing_is_the_exact_mean_of_the_area()
    {
        var random = new Random(3);
        for (int round = 0; round < 200; round++)
        {
            int channels = random.Next(2) == 0 ? 1 : 3;
            var image = new RasterImage(random.Next(1, 9), random.Next(1, 9), channels);
            random.NextBytes(image.Samples);
            int width = random.Next(1, 9);
            int height = random.Next(1, 9);
            RasterImage resized = AreaResize.To(image, width, height);

            // Oracle: blow the picture up by whole numbers until the result's pixels are whole blocks, then average those.
            for (int y = 0; y < height; y++)
            {
                for (int x = 0; x < width; x++)
                {
                    for (int c = 0; c < channels; c++)
                    {
                        decimal sum = 0;
                        for (int v = 0; v < image.Height; v++)
                        {
                            for (int u = 0; u < image.Width; u++)
                            {
                                int row = ((y * image.Height) + v) / height;
                                int column = ((x * image.Width) + u) / width;
                                sum += image.Samples[(((row * image.Width) + column) * channels) + c];
                            }
                        }

                        byte mean = (byte)Math.Floor((sum / (image.Width * image.Height)) + 0.5m);
                        Assert.AreEqual(mean, resized.Samples[(((y * width) + x) * channels) + c]);
                    }
                }
            }
        }
    }

    private static void Refused(string why, ModelDescription model) =>
        StringAssert.Contains(Assert.ThrowsExactly<ImageException>(() => ImageInput.Of(model)).Message, why);

    private static RasterImage Rgb(int width, int height, byte[] samples)
    {
        var image = new RasterImage(width, height, 3);
        samples.CopyTo(image.Samples, 0);
        return image;
    }

    private static ModelDescription Model(ImageFormat format, ImmutableArray<long> shape, ElementType type = ElementType.UInt8) =>
        new("m", ["1"], "onnxruntime_onnx", [new InputDescription(new TensorContract("x", type, shape), format)], [], []);
}
