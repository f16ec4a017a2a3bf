using System.Collections.Immutable;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Bundles;

/// <summary>An input as callers see it, and what becomes of it before the graphs see it.</summary>
/// <param name="Tensor">Its name in the graphs.</param>
/// <param name="AllowNonFinite">NaN and infinity pass; by default they are refused.</param>
/// <param name="Preprocess">Null: the graphs get what the caller sent.</param>
/// <param name="Image">Set when the input is an image that a tool may fill from a picture file.</param>
public sealed record ManifestInput(TensorContract Contract, string Tensor, bool AllowNonFinite, Preprocess? Preprocess, ImageLayout? Image)
{
    internal static ManifestInput Read(TomlSection table)
    {
        TensorContract contract = ManifestReferences.Contract(table);
        return new ManifestInput(
            contract,
            table.String("tensor", contract.Name, 256, ManifestReferences.NameFault),
            table.Boolean("allow_non_finite", false),
            ReadPreprocess(table, contract.Type),
            ReadImage(table, contract.Shape));
    }

    private static Preprocess? ReadPreprocess(TomlSection input, ElementType type)
    {
        if (input.Table("preprocess") is not { } table)
        {
            return null;
        }

        if (type is not (ElementType.UInt8 or ElementType.Int8 or ElementType.UInt16 or ElementType.Int16 or ElementType.Float32))
        {
            table.Error($"an input of datatype {type.WireName()} cannot be preprocessed; UINT8, INT8, UINT16, INT16 and FP32 can");
        }

        table.RequiredChoice("to", ("FP32", ElementType.Float32));
        double divisor = table.Float("divide_by", 1.0, -1e30, 1e30);
        if ((float)divisor == 0f)
        {
            table.ErrorAt("divide_by", "must not be zero");
        }

        return new Preprocess(divisor);
    }

    private static ImageLayout? ReadImage(TomlSection input, ImmutableArray<long> shape)
    {
        if (input.Table("image") is not { } table)
        {
            return null;
        }

        ImageLayout layout = table.RequiredChoice("layout", ("NCHW", ImageLayout.Nchw), ("NHWC", ImageLayout.Nhwc));
        int channel = layout == ImageLayout.Nchw ? 1 : 3;
        if (shape.Length != 4 || shape[channel] is not (1 or 3) || shape.AsSpan()[1..].Contains(-1))
        {
            table.Error("an image input has four dimensions, of which height, width and 1 or 3 channels are fixed");
        }

        return layout;
    }
}

/// <summary>Each element becomes FP32, divided by <paramref name="DivideBy"/> (rounded to FP32), with one rounding.</summary>
public sealed record Preprocess(double DivideBy);

/// <summary>Order of an image's dimensions: batch, channels, height, width or batch, height, width, channels.</summary>
public enum ImageLayout
{
    Nchw,
    Nhwc,
}
