using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Models;

namespace EdgeDaemon.Pipeline;

/// <summary>Which outputs an answer has: those asked for in their order, or all.</summary>
internal static class AskedOutput
{
    public static int Count(InferRequest request, ServedModel model) => request.Outputs.IsEmpty ? model.Contract.Outputs.Length : request.Outputs.Length;

    /// <summary>The place in the contract of the answer's output at <paramref name="position"/>.</summary>
    public static int Index(InferRequest request, ServedModel model, int position)
    {
        if (request.Outputs.IsEmpty)
        {
            return position;
        }

        InferOutput asked = request.Outputs[position];
        for (int i = 0; i < model.Contract.Outputs.Length; i++)
        {
            if (asked.NameIs(model.Contract.Outputs[i].NameUtf8))
            {
                return i;
            }
        }

        throw new InvalidOperationException("validation admits only outputs of the model");
    }

    /// <summary>The graph's answer is held against the signed manifest as the request was: a surprise here is the model's fault.</summary>
    public static void Check(TensorContract declared, ElementType type, in TensorShape shape)
    {
        if (type != declared.Type || !declared.Admits(shape))
        {
            throw new RefusedException(
                Refusal.EngineFailed,
                $"output '{declared.Name}' came as {type} {shape}, model.toml declares {declared.Type} [{string.Join(',', declared.Shape)}]");
        }
    }
}
