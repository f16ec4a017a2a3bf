using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Engine;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Models;

/// <summary>A request of zeros, for what is measured and warmed up before anybody has asked anything.</summary>
internal static class ZeroBatch
{
    /// <summary>The first dimension of every input is the caller's choice.</summary>
    public static bool IsCallers(ModelContract contract) => contract.Inputs.All(input => input.Contract.Shape is [-1, ..]);

    /// <summary>Rows of the least request: what the contract fixes for the first input, or what <see cref="Of(ModelManifest, ModelContract, long, TensorBlockPool, List{TensorBlock})"/> fills in.</summary>
    public static long Least(ModelManifest manifest, ModelContract contract) => contract.Inputs[0].Contract.Shape is not [long first, ..] || IsCallers(contract)
        ? 1
        : first >= 0 ? first : manifest.SelfTests is [{ } test, ..] ? test.Inputs[0].Shape[0] : 1;

    /// <param name="size">Of the first dimension, where that is the caller's choice.</param>
    /// <param name="blocks">What it takes is added to them.</param>
    /// <exception cref="RefusedException">It is too large.</exception>
    public static EngineInput[] Of(ModelManifest manifest, ModelContract contract, long size, TensorBlockPool pool, List<TensorBlock> blocks)
    {
        bool callers = IsCallers(contract);
        return [.. contract.Inputs.Select((input, index) => Of(manifest, index, input, size, callers, pool, blocks))];
    }

    private static EngineInput Of(ModelManifest manifest, int index, ContractInput input, long size, bool callers, TensorBlockPool pool, List<TensorBlock> blocks)
    {
        // Dimensions of the caller's choice are as in the first self-test, which the releaser chose, or 1.
        TensorShape shape = default;
        for (int i = 0; i < input.Contract.Shape.Length; i++)
        {
            long dimension = input.Contract.Shape[i];
            shape.TryAdd(i == 0 && callers ? size : dimension >= 0 ? dimension : manifest.SelfTests is [{ } test, ..] ? test.Inputs[index].Shape[i] : 1);
        }

        bool counted = shape.TryElementCount(out long elements) & elements <= int.MaxValue / sizeof(double);
        int width = input.Contract.Type == ElementType.Bytes ? sizeof(int) : input.Contract.Type.Size(); // A text of no bytes is its length.
        return counted
            ? SelfTestRun.Zeros(shape, elements * width, input, pool, blocks)
            : throw new RefusedException(Refusal.AdmissionMemory, $"input '{Printable.Of(input.Contract.Name)}' of shape {shape} is too large");
    }
}
