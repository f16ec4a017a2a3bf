using System.Collections.Immutable;
using System.Text.Json;

namespace EdgeDaemon.Client.Inference;

/// <summary>What a model answered. <see cref="Parameters"/>: what the daemon says about the answer as a whole.</summary>
public sealed record InferenceAnswer(string Model, string? Version, string? Id, ImmutableArray<OutputTensor> Outputs)
{
    public IReadOnlyDictionary<string, JsonElement> Parameters { get; init; } = ImmutableDictionary<string, JsonElement>.Empty;

    /// <summary>The output of that name.</summary>
    /// <exception cref="KeyNotFoundException">The answer has none.</exception>
    public OutputTensor this[string name]
    {
        get
        {
            foreach (OutputTensor output in Outputs)
            {
                if (output.Name == name)
                {
                    return output;
                }
            }

            throw new KeyNotFoundException($"the answer has no output '{name}'");
        }
    }
}
