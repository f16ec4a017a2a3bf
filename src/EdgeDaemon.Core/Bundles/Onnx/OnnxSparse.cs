using EdgeDaemon.Core.Bundles.Onnx.Folding;

namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>SparseTensorProto, walked.</summary>
/// <param name="Values">What the file holds.</param>
/// <param name="Dense">What the runtime makes of it: the dense form, its values not followed.</param>
internal sealed record OnnxSparse(OnnxTensor Values, OnnxTensor Dense)
{
    private const int MostDimensions = 16;

    /// <returns>Null when there are no values.</returns>
    public static OnnxSparse? Walk(ReadOnlySpan<byte> content, OnnxFindings findings, string place)
    {
        OnnxTensor? values = null;
        var dimensions = new OnnxNumbers(MostDimensions + 1);
        var fields = new OnnxFields(content, OnnxMessage.SparseTensor, findings, place);
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case 1:
                    values = OnnxTensor.Walk(fields.Content, findings, $"{place}.values");
                    break;
                case 2:
                    OnnxTensor.Walk(fields.Content, findings, $"{place}.indices");
                    break;
                case 3:
                    dimensions.Integer(ref fields);
                    break;
            }
        }

        long[] shape = [.. dimensions.Integers];
        long elements = FoldedValue.VolumeOf(shape);
        if (shape.Length > MostDimensions || shape.Any(dimension => dimension < 0))
        {
            findings.Danger(OnnxRule.TensorData, place, $"a sparse tensor has a negative dimension, or more than {MostDimensions}");
        }
        else if (elements > OnnxFolding.MostElements)
        {
            findings.Danger(OnnxRule.Folding, place, $"a sparse tensor of more than {OnnxFolding.MostElements} elements");
        }

        return values is null ? null : new OnnxSparse(values, values with { Shape = shape, Elements = elements, Values = null, Reals = null });
    }
}
