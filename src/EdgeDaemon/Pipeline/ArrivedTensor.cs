using EdgeDaemon.Engine;
using EdgeDaemon.Models;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Validation;

namespace EdgeDaemon.Pipeline;

/// <summary>A tensor that lies in tensor memory: its values are checked, it is prepared, and becomes an input of the engine.</summary>
internal static class ArrivedTensor
{
    /// <param name="work">Of the request.</param>
    /// <param name="index">The input's place in the contract.</param>
    /// <param name="declared">The contract's input.</param>
    /// <param name="block">Holds the tensor's planned bytes at its beginning.</param>
    public static void Accept(InferenceWork work, int index, ContractInput declared, TensorBlock block)
    {
        ref PlannedInput planned = ref work.Plan[index];
        ReadOnlySpan<byte> tensor = block.GetSpan()[..(int)planned.Bytes];
        InputValidation.CheckValues(planned, declared, tensor);
        long bytes = planned.Bytes;
        work.Arrived(work.Plan.Count).Span[index] = new EngineInput(planned.Shape, block, bytes);
        if (declared.Preprocess is { } preprocess)
        {
            bytes = planned.PreparedBytes;
            TensorBlock prepared = work.Grant.Rent(bytes);
            Preprocessing.Apply(preprocess, declared.Contract.Type, tensor, prepared.GetSpan());
            block = prepared;
        }

        work.Inputs(work.Plan.Count).Span[index] = new EngineInput(planned.Shape, block, bytes);
    }
}
