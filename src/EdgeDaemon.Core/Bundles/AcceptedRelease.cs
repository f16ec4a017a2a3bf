using System.Collections.Immutable;

namespace EdgeDaemon.Core.Bundles;

/// <summary>A release that this device has accepted.</summary>
/// <param name="Digest">64 lower-case hex digits.</param>
public sealed record AcceptedRelease(long Sequence, string Digest, DateTimeOffset Accepted);

/// <summary>What one model name has been through on this device.</summary>
/// <param name="Sequence">The highest ever accepted.</param>
/// <param name="SecurityFloor">The highest floor of a release that came into service.</param>
/// <param name="Releases">The last accepted, oldest first.</param>
public sealed record AcceptedModel(string Name, long Sequence, long SecurityFloor, ImmutableArray<AcceptedRelease> Releases)
{
    /// <summary>Releases that are remembered as a way back.</summary>
    public const int MostReleases = 16;

    public bool Holds(string digest) => Releases.Any(release => release.Digest == digest);
}
