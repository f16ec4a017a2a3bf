using System.Collections.Immutable;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Client.Models;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Ctl.Images;

/// <summary>A model's declared image input, and pictures laid out for it.</summary>
internal sealed class ImageInput
{
    private readonly InputDescription _input;

    private ImageInput(InputDescription input, int channels, int height, int width)
    {
        _input = input;
        Channels = channels;
        Height = height;
        Width = width;
    }

    public int Channels { get; }

    public int Height { get; }

    public int Width { get; }

    /// <exception cref="ImageException">The model has no image input that this program can fill, with the reason.</exception>
    public static ImageInput Of(ModelDescription model)
    {
        string named = $"model '{model.Name}'";
        if (model.Inputs.Length != 1)
        {
            throw new ImageException($"{named} has {model.Inputs.Length} inputs; a picture fills one. Send all of them with --json-file");
        }

        InputDescription input = model.Inputs[0];
        ImmutableArray<long> shape = input.Contract.Shape;
        if (input.Format == ImageFormat.None || shape.Length != 4)
        {
            throw new ImageException($"{named} does not declare its input '{input.Contract.Name}' to be an image (image in model.toml); 'edgectl infer --json-file' sends numbers");
        }

        // A floating point input would need a scale and an offset that only the model's author knows.
        if (input.Contract.Type != ElementType.UInt8)
        {
            throw new ImageException(
                $"{named} takes {input.Contract.Type.WireName()} pixels, and how to scale them is not declared; "
                + "send them with --json-file, or let the bundle take UINT8 and scale");
        }

        (long channels, long height, long width) =
            input.Format == ImageFormat.Nchw ? (shape[1], shape[2], shape[3]) : (shape[3], shape[1], shape[2]);
        if (channels is not (1 or 3) || height is < 1 or > RasterImage.MaxSide || width is < 1 or > RasterImage.MaxSide || shape[0] is not (-1 or 1))
        {
            throw new ImageException($"{named} takes pictures of shape [{string.Join(',', shape)}]; one gray or RGB picture of fixed size is all that --image can fill");
        }

        return new ImageInput(input, (int)channels, (int)height, (int)width);
    }

    /// <summary>The picture as the model's input of batch 1: channels changed as <see cref="ChannelChange"/> says, resized only when asked.</summary>
    /// <exception cref="ImageException">Another size, and <paramref name="resize"/> is false.</exception>
    public InputTensor Fill(RasterImage image, bool resize)
    {
        if (image.Width != Width || image.Height != Height)
        {
            image = resize
                ? AreaResize.To(image, Width, Height)
                : throw new ImageException(
                    $"it is {image.Width}x{image.Height} (width x height) and the model takes {Width}x{Height}; scale it, or add --resize");
        }

        RasterImage fitting = ChannelChange.To(image, Channels);
        bool planes = _input.Format == ImageFormat.Nchw;
        ImmutableArray<long> shape = planes ? [1, Channels, Height, Width] : [1, Height, Width, Channels];
        return new InputTensor(_input.Contract.Name, ElementType.UInt8, shape, planes ? Planes(fitting) : fitting.Samples);
    }

    private static byte[] Planes(RasterImage image)
    {
        int pixels = image.Width * image.Height;
        var planes = new byte[image.Samples.Length];
        for (int i = 0; i < pixels; i++)
        {
            for (int c = 0; c < image.Channels; c++)
            {
                planes[(c * pixels) + i] = image.Samples[(i * image.Channels) + c];
            }
        }

        return planes;
    }
}
