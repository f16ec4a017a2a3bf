using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Engine;

/// <summary>A member's run and where the contract's inputs and outputs lie in its graph.</summary>
internal sealed record MemberPort(string Name, OnnxRun Run, int[] InputIndex, int[] OutputIndex)
{
    /// <summary>Hands the inputs, in the contract's order, to the next run.</summary>
    public void Bind(ReadOnlySpan<EngineInput> inputs, TensorAccount? account)
    {
        Run.Account = account;
        for (int i = 0; i < inputs.Length; i++)
        {
            Run.SetInput(InputIndex[i], inputs[i].Shape, inputs[i].Block, inputs[i].Bytes);
        }
    }
}
