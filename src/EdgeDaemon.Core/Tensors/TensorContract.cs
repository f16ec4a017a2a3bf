using System.Collections.Immutable;

namespace EdgeDaemon.Core.Tensors;

/// <summary>What a model declares of one input or output: -1 in <paramref name="Shape"/> is a dimension the caller chooses.</summary>
public sealed record TensorContract(string Name, ElementType Type, ImmutableArray<long> Shape)
{
    /// <summary>True when every fixed dimension of the contract is met and every variable one is not negative.</summary>
    public bool Admits(in TensorShape shape)
    {
        ReadOnlySpan<long> given = shape.Span;
        if (given.Length != Shape.Length)
        {
            return false;
        }

        for (int i = 0; i < given.Length; i++)
        {
            if (Shape[i] >= 0 ? given[i] != Shape[i] : given[i] < 0)
            {
                return false;
            }
        }

        return true;
    }
}
