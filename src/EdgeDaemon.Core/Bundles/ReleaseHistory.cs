using System.Collections.Immutable;

namespace EdgeDaemon.Core.Bundles;

/// <summary>
/// What a device has accepted so far, immutable: yesterday's signed release cannot replace today's (the README beside this file has the
/// rules). Versions, sequences and floors only grow.
/// </summary>
/// <param name="TrustVersion">Highest version of the trust policy that was in force; 0 for none.</param>
/// <param name="Time">Latest time known to have passed.</param>
/// <param name="Models">By name.</param>
public sealed record ReleaseHistory(long TrustVersion, DateTimeOffset Time, ImmutableSortedDictionary<string, AcceptedModel> Models)
{
    /// <summary>A device that has accepted nothing yet.</summary>
    public static ReleaseHistory Empty { get; } =
        new(0, DateTimeOffset.UnixEpoch, ImmutableSortedDictionary.Create<string, AcceptedModel>(StringComparer.Ordinal));

    /// <summary>True when a release of that digest has been accepted and is remembered, under whatever name.</summary>
    public bool Holds(string digest) => Models.Values.Any(model => model.Holds(digest));

    /// <summary>Null when the release may serve, else why not.</summary>
    public string? Fault(ModelManifest manifest, string digest, long maxSequenceJump)
    {
        if (!Models.TryGetValue(manifest.Name, out AcceptedModel? model))
        {
            return null;
        }

        if (manifest.Sequence < model.SecurityFloor)
        {
            return $"its sequence {manifest.Sequence} is below the security floor {model.SecurityFloor} of '{manifest.Name}'; releases that old are closed for good";
        }

        if (model.Holds(digest))
        {
            return null;
        }

        if (manifest.Sequence <= model.Sequence)
        {
            return manifest.Sequence == model.Sequence
                ? $"another release of '{manifest.Name}' with sequence {manifest.Sequence} was accepted before; sign this one with a higher sequence"
                : $"its sequence {manifest.Sequence} is below {model.Sequence}, the highest accepted of '{manifest.Name}'; an older release cannot come back unless it served here before";
        }

        return manifest.Sequence - model.Sequence > maxSequenceJump
            ? $"its sequence {manifest.Sequence} is more than {maxSequenceJump} above {model.Sequence}, the highest accepted of '{manifest.Name}' (max_sequence_jump of the trust policy)"
            : null;
    }

    /// <summary>The same with a time that is believed as it is, as of a clock that is set.</summary>
    public ReleaseHistory Accept(ModelManifest manifest, string digest, DateTimeOffset now) => Accept(manifest, digest, TrustedTime.Of(now, now));

    /// <summary>The history once the release has come into service: its sequence counts as accepted, its floor holds.</summary>
    public ReleaseHistory Accept(ModelManifest manifest, string digest, TrustedTime time)
    {
        AcceptedModel model = Models.GetValueOrDefault(manifest.Name) ?? new AcceptedModel(manifest.Name, 0, 0, []);
        bool known = model.Holds(digest);
        AcceptedModel accepted = model with
        {
            Sequence = Math.Max(model.Sequence, manifest.Sequence),
            SecurityFloor = Math.Max(model.SecurityFloor, manifest.SecurityFloor),
            Releases = known
                ? model.Releases
                : [.. model.Releases.TakeLast(AcceptedModel.MostReleases - 1), new AcceptedRelease(manifest.Sequence, digest, time.Now)],
        };

        // Once for each release, or every start would bring the same step again; and not past a clock that is set, which knows better.
        DateTimeOffset seen = known || !time.ClockIsUnset ? Time : Later(Time, Earlier(manifest.Created, time.Latest));
        return accepted == model && seen == Time ? this : this with { Models = Models.SetItem(manifest.Name, accepted), Time = seen };
    }

    /// <summary>The history once a policy of that version is in force and that time has passed.</summary>
    public ReleaseHistory See(long trustVersion, DateTimeOffset now) => this with
    {
        TrustVersion = Math.Max(TrustVersion, trustVersion),
        Time = Time == DateTimeOffset.UnixEpoch ? now : TrustedTime.Raise(Time, now),
    };

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
