using System.Collections.Immutable;

namespace EdgeDaemon.Models;

/// <summary>What the trust policy last said of a release that serves.</summary>
/// <param name="Expired">It, or the policy, has expired; it goes on because it was in service before.</param>
/// <param name="SignedBy">Names of the trusted keys whose signatures count.</param>
internal sealed record ModelStanding(bool Expired, ImmutableArray<string> SignedBy)
{
    public static ModelStanding Of(ReceivedBundle bundle) => new(bundle.Verified.Expired, [.. bundle.Verified.Signers.Keys.Select(key => key.Name)]);
}
