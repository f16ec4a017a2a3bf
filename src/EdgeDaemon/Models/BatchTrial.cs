using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Engine;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Models;

/// <summary>
/// The bundle's own vectors once more, with as many rows of zeros behind them in the same run: a graph that mixes its rows, or rounds otherwise in company
/// than the release's tolerance admits, gets no company.
/// </summary>
internal static class BatchTrial
{
    /// <param name="bytes">Of a listed file.</param>
    /// <returns>How the answers differ; null when they do not.</returns>
    public static string? Difference(ModelEngine engine, ModelManifest manifest, ModelContract contract, TensorBlockPool pool, Func<string, ReadOnlyMemory<byte>> bytes)
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
                    inputs[i] = SelfTestRun.Input(Doubled(test.Inputs[i]), contract.Inputs[i], pool, WithZeros(bytes(test.Inputs[i].File).Span, test.Inputs[i], contract.Inputs[i]), blocks);
                }

                lane.Run(inputs);
                foreach (SelfTestTensor expected in test.Outputs)
                {
                    if (Difference(test, expected, manifest, lane, bytes(expected.File).Span) is { } difference)
                    {
                        return $"self-test '{test.Name}' with other rows in its run: output '{Printable.Of(expected.Name)}': {difference}";
                    }
                }
            }
            catch (RefusedException refused)
            {
                return $"self-test '{test.Name}' with other rows in its run: {refused.Message}";
            }
            finally
            {
                engine.Leave(lane);
                blocks.ForEach(block => block.Return());
            }
        }

        return null;
    }

    private static string? Difference(ManifestSelfTest test, SelfTestTensor expected, ModelManifest manifest, Lane lane, ReadOnlySpan<byte> data)
    {
        int index = 0;
        while (manifest.Outputs[index].Contract.Name != expected.Name)
        {
            index++;
        }

        return !lane.OutputShape(index).SequenceEqual(Doubled(expected).Shape)
            ? $"shape {lane.OutputShape(index)}, expected {Doubled(expected).Shape}"
            : new TensorComparison(test.AbsoluteTolerance, test.RelativeTolerance).Difference(lane.OutputType(index), data, lane.OutputData(index)[..data.Length]);
    }

    private static SelfTestTensor Doubled(SelfTestTensor tensor)
    {
        TensorShape shape = tensor.Shape;
        shape.Set(0, 2 * shape[0]);
        return tensor with { Shape = shape };
    }

    private static byte[] WithZeros(ReadOnlySpan<byte> data, SelfTestTensor tensor, ContractInput input)
    {
        tensor.Shape.TryElementCount(out long elements);
        int more = input.Contract.Type == ElementType.Bytes ? (int)elements * sizeof(int) : data.Length; // A text of no bytes is its length.
        return [.. data, .. new byte[more]];
    }
}
