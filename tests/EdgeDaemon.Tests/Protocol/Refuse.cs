using System.Text;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Tests.Protocol;

/// <summary>What the tests of this folder share: how a refusal is expected, and short forms of common values.</summary>
internal static class Refuse
{
    public static void With(Refusal expected, Action action)
    {
        RefusedException refused = Assert.ThrowsExactly<RefusedException>(action);
        Assert.AreEqual(expected, refused.Refusal, refused.Message);
    }

    public static void Head(Refusal expected, string json, ProtocolLimits? limits = null)
    {
        var request = new InferRequest();
        With(expected, () => InferRequestReader.Read(Encoding.UTF8.GetBytes(json), limits ?? ProtocolLimits.Default, request));
        Assert.IsTrue(request.Inputs.IsEmpty && request.Outputs.IsEmpty && request.Parameters.IsEmpty && !request.HasId, "left filled");
    }

    public static InferRequest Accept(string json, ProtocolLimits? limits = null)
    {
        var request = new InferRequest();
        InferRequestReader.Read(Encoding.UTF8.GetBytes(json), limits ?? ProtocolLimits.Default, request);
        return request;
    }

    public static void Data(Refusal expected, ElementType type, long[] shape, string data) => With(expected, () => Tensor(type, shape, data));

    public static byte[] Tensor(ElementType type, long[] shape, string data)
    {
        byte[] json = Encoding.UTF8.GetBytes(data);
        TensorShape tensorShape = Shape(shape);
        byte[] destination = new byte[type == ElementType.Bytes ? JsonTensorReader.MeasureBytes(json, tensorShape) : Size(type, tensorShape)];
        JsonTensorReader.Read(json, type, tensorShape, destination);
        return destination;
    }

    public static TensorShape Shape(params long[] dimensions) =>
        TensorShape.TryCreate(dimensions, out TensorShape shape) ? shape : throw new InvalidOperationException("rank");

    private static long Size(ElementType type, in TensorShape shape) =>
        shape.TryByteCount(type, out long bytes) ? bytes : throw new InvalidOperationException("overflow");
}
