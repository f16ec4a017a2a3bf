using System.Collections.Immutable;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Bundles;

/// <summary>
/// The releaser's word that the rows of the first dimension have nothing to do with each other, so that requests may share a run, and how many.
/// Nobody but who made the graph knows it: a graph that normalises over its first dimension has the same shapes as one that does not.
/// </summary>
/// <param name="MaxBatch">Rows of one run that is made of several requests.</param>
/// <param name="Preferred">Rows that runs are best made of, growing; empty: whatever was measured fastest.</param>
/// <param name="MaxDelay">So long a lane that came back may wait for a preferred size.</param>
public sealed record ManifestBatching(int MaxBatch, ImmutableArray<int> Preferred, TimeSpan MaxDelay)
{
    /// <summary>More rows than any device gains by.</summary>
    public const int MostRows = 4096;

    private const int MostPreferred = 16;
    private const int LongestDelay = 1_000_000;

    internal static ManifestBatching? Read(TomlSection? table, ImmutableArray<ManifestInput> inputs, ImmutableArray<ManifestOutput> outputs)
    {
        if (table is null)
        {
            return null;
        }

        int most = (int)table.RequiredInteger("max_batch", 2, MostRows);
        ImmutableArray<int> preferred = table.Has("preferred") ? [.. table.RequiredIntegers("preferred", MostPreferred, 1, MostRows).Select(size => (int)size)] : [];
        int delay = table.Integer("max_delay_us", 0, 0, LongestDelay);
        for (int i = 0; i < preferred.Length; i++)
        {
            if (preferred[i] > most || (i > 0 && preferred[i] <= preferred[i - 1]))
            {
                table.ErrorAt("preferred", $"must grow, and end at max_batch {most}");
                break;
            }
        }

        if (delay > 0 && preferred.IsEmpty)
        {
            table.ErrorAt("max_delay_us", "is for preferred sizes, and there are none; add preferred, or leave it out");
        }

        Check(table, "input", inputs.Select(input => input.Contract));
        Check(table, "output", outputs.Select(output => output.Contract));
        foreach (ManifestOutput output in outputs.Where(output => output.Contract.Type == ElementType.Bytes))
        {
            table.Error($"output '{Printable.Of(output.Contract.Name)}' is BYTES, whose rows have no fixed size; leave [batching] out");
        }

        return new ManifestBatching(most, preferred, TimeSpan.FromMicroseconds(delay));
    }

    private static void Check(TomlSection table, string kind, IEnumerable<TensorContract> contracts)
    {
        foreach (TensorContract contract in contracts)
        {
            if (contract.Shape is not [-1, ..])
            {
                table.Error($"{kind} '{Printable.Of(contract.Name)}' has shape [{string.Join(',', contract.Shape)}]; rows of several requests need -1 as the first dimension of every input and output");
            }
        }
    }
}
