using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Engine;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Validation;

namespace EdgeDaemon.Models;

/// <summary>The bundle's own vectors through its own engine: a release that answers otherwise than where it was made does not serve.</summary>
internal static class SelfTestRun
{
    /// <param name="bytes">Of a listed file.</param>
    /// <exception cref="BundleException">Naming the first test that failed, and how.</exception>
    public static void All(ModelEngine engine, ModelManifest manifest, ModelContract contract, TensorBlockPool pool, Func<string, ReadOnlyMemory<byte>> bytes)
    {
        foreach (ManifestSelfTest test in manifest.SelfTests)
        {
            if (!engine.TryEnter(out Lane lane))
            {
                throw new InvalidOperationException("self-tests run before a model serves: every lane is free");
            }

            var blocks = new List<TensorBlock>();
            try
            {
                var inputs = new EngineInput[test.Inputs.Length];
                for (int i = 0; i < inputs.Length; i++)
                {
                    inputs[i] = Input(test.Inputs[i], contract.Inputs[i], pool, bytes(test.Inputs[i].File).Span, blocks);
                }

                Run(lane, inputs, test);
                foreach (SelfTestTensor expected in test.Outputs)
                {
                    Compare(test, expected, manifest, lane, bytes(expected.File).Span);
                }
            }
            catch (RefusedException refused)
            {
                throw new BundleException($"self-test '{test.Name}': {refused.Message}");
            }
            finally
            {
                engine.Leave(lane);
                blocks.ForEach(block => block.Return());
            }
        }
    }

    /// <summary>One input in tensor memory, checked and prepared as a caller's would be; what it takes is added to <paramref name="blocks"/>.</summary>
    /// <exception cref="RefusedException">It is not well formed, or there is no memory for it.</exception>
    public static EngineInput Input(SelfTestTensor tensor, ContractInput declared, TensorBlockPool pool, ReadOnlySpan<byte> data, List<TensorBlock> blocks)
    {
        TensorBlock block = Rent(pool, data.Length, blocks);
        data.CopyTo(block.GetSpan());
        return Prepare(tensor.Shape, declared, pool, block, blocks);
    }

    /// <summary>An input of zeros, which for BYTES are empty texts.</summary>
    /// <exception cref="RefusedException">There is no memory for it.</exception>
    public static EngineInput Zeros(in TensorShape shape, long bytes, ContractInput declared, TensorBlockPool pool, List<TensorBlock> blocks) =>
        Prepare(shape, declared, pool, Rent(pool, bytes, blocks), blocks);

    // A quorum is for what goes wrong in service. A member that fails at what its release itself asks, or breaks the contract there, would never answer.
    private static void Run(Lane lane, EngineInput[] inputs, ManifestSelfTest test)
    {
        if (lane.Ensemble is not { } ensemble)
        {
            lane.Run(inputs);
            return;
        }

        ensemble.AsksAll = true;
        try
        {
            lane.Run(inputs);
        }
        finally
        {
            ensemble.AsksAll = false;
        }

        if (ensemble.Fault is { } fault)
        {
            throw new BundleException($"self-test '{test.Name}': {fault}");
        }
    }

    private static EngineInput Prepare(in TensorShape shape, ContractInput declared, TensorBlockPool pool, TensorBlock block, List<TensorBlock> blocks)
    {
        shape.TryElementCount(out long elements);
        ReadOnlySpan<byte> data = block.GetSpan();
        InputValidation.CheckValues(new PlannedInput { Shape = shape, Elements = elements, Bytes = data.Length }, declared, data);
        if (declared.Preprocess is not { } preprocess)
        {
            return new EngineInput(shape, block, data.Length);
        }

        TensorBlock prepared = Rent(pool, elements * sizeof(float), blocks);
        Preprocessing.Apply(preprocess, declared.Contract.Type, data, prepared.GetSpan());
        return new EngineInput(shape, prepared, prepared.Length);
    }

    private static void Compare(ManifestSelfTest test, SelfTestTensor expected, ModelManifest manifest, Lane lane, ReadOnlySpan<byte> data)
    {
        int index = 0;
        while (manifest.Outputs[index].Contract.Name != expected.Name)
        {
            index++;
        }

        string? difference = !lane.OutputShape(index).SequenceEqual(expected.Shape)
            ? $"shape {lane.OutputShape(index)}, expected {expected.Shape}"
            : new TensorComparison(test.AbsoluteTolerance, test.RelativeTolerance).Difference(lane.OutputType(index), data, lane.OutputData(index));
        if (difference is not null)
        {
            throw new BundleException($"self-test '{test.Name}': output '{Printable.Of(expected.Name)}': {difference}");
        }
    }

    private static TensorBlock Rent(TensorBlockPool pool, long bytes, List<TensorBlock> blocks)
    {
        if (!pool.TryRent(bytes, out TensorBlock? block))
        {
            throw new RefusedException(Refusal.AdmissionMemory, $"no {bytes} bytes left of max_tensor_bytes");
        }

        blocks.Add(block);
        return block;
    }
}
