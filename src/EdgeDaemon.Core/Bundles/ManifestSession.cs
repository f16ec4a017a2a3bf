using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Bundles;

/// <summary>How far the library may rewrite a graph before it runs it. What is rewritten is never kept on a disk: nobody signed it.</summary>
public enum GraphOptimisation
{
    None,
    Basic,
    Extended,
    All,
}

/// <summary>[session] of model.toml: how the graphs are to be computed. Part of the model's identity where it changes results.</summary>
/// <param name="Optimisation">May change the last bits of results.</param>
/// <param name="IntraOpThreads">Wished for one operator; 0: no wish. The device may give fewer.</param>
/// <param name="Deterministic">The same input gives the same bits on the same device.</param>
/// <param name="DenormalAsZero">Denormal numbers are flushed to zero.</param>
/// <param name="MemoryPattern">Activations are laid out once for each shape and allocated in one piece.</param>
public sealed record ManifestSession(GraphOptimisation Optimisation, int IntraOpThreads, bool Deterministic, bool DenormalAsZero, bool MemoryPattern)
{
    internal static ManifestSession Read(TomlSection? table) => new(
        table?.Choice(
            "optimisation", GraphOptimisation.All, ("none", GraphOptimisation.None), ("basic", GraphOptimisation.Basic), ("extended", GraphOptimisation.Extended), ("all", GraphOptimisation.All))
            ?? GraphOptimisation.All,
        (int)(table?.Integer("intra_op_threads", 0, 0, 256) ?? 0),
        table?.Boolean("deterministic", true) ?? true,
        table?.Boolean("denormal_as_zero", false) ?? false,
        table?.Boolean("memory_pattern", true) ?? true);
}
