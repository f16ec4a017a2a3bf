namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>What signatures are verified against. The method of a bundle counts only if something here is of that method.</summary>
public sealed record OmsTrust
{
    public IReadOnlyList<OmsKey> Keys { get; init; } = [];

    public IReadOnlyList<OmsAnchor> Anchors { get; init; } = [];

    /// <summary>Digests of keys (64 lower-case hex digits) that no longer count.</summary>
    public Func<string, bool> IsRevoked { get; init; } = _ => false;

    /// <summary>The time that certificates are judged by: trusted time, never the bundle's.</summary>
    public DateTimeOffset Now { get; init; }
}
