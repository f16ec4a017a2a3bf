using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Tests.Native.Onnx;

/// <summary>The steps that most tests of a run share.</summary>
internal static class Running
{
    public static TensorShape Shape(params ReadOnlySpan<long> dimensions)
    {
        Assert.IsTrue(TensorShape.TryCreate(dimensions, out TensorShape shape));
        return shape;
    }

    public static TensorBlock Block(ReadOnlySpan<byte> bytes)
    {
        Assert.IsTrue(TestRuntime.Pool.TryRent(bytes.Length, out TensorBlock? block));
        bytes.CopyTo(block.GetSpan());
        return block;
    }

    /// <summary>One run of a graph with one input and one output.</summary>
    public static (ElementType Type, long[] Shape, byte[] Data) Once(OnnxRun run, TensorShape shape, byte[] bytes)
    {
        TensorBlock block = Block(bytes);
        try
        {
            run.SetInput(0, shape, block, bytes.Length);
            run.Execute();
            return (run.OutputType(0), run.OutputShape(0).Span.ToArray(), run.OutputData(0).ToArray());
        }
        finally
        {
            run.Clear();
            block.Return();
        }
    }

    public static byte[] Floats(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    public static float[] Floats(ReadOnlySpan<byte> bytes) => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes).ToArray();

    public static byte[] Bytes(params string[] elements) =>
        [.. elements.Select(System.Text.Encoding.UTF8.GetBytes).SelectMany(text => BitConverter.GetBytes(text.Length).Concat(text))];
}
