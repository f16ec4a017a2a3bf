using System.Collections.Immutable;
using EdgeDaemon.Core.Smoothing;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Bundles;

/// <summary>How the members of a model vote, and what happens when one of them fails.</summary>
/// <param name="Rule">Of the voted output; every other output is the weighted mean.</param>
/// <param name="Output">The voted output's place in the manifest; -1 when none is voted on.</param>
/// <param name="Weights">One for each member, as written; 1 each when they were left out.</param>
/// <param name="Consensus">When so many of the first members agree, the others are not asked; 0: all are asked always.</param>
/// <param name="Quorum">So many members must answer; all of them when a failing member fails the request.</param>
/// <param name="MemberTimeout">A member that runs for longer has failed; null: none is too late.</param>
public sealed record ManifestEnsemble(VoteRule Rule, int Output, ImmutableArray<double> Weights, int Consensus, int Quorum, TimeSpan? MemberTimeout)
{
    private const double SmallestWeight = 1e-6;
    private const double LargestWeight = 1e6;
    private const int LongestMilliseconds = 600_000;
    private const int MostWeights = 64;

    /// <summary>Null for a model of one member, which has nobody to vote with.</summary>
    internal static ManifestEnsemble? Read(TomlSection root, ImmutableArray<ManifestMember> members, ImmutableArray<ManifestOutput> outputs)
    {
        TomlSection? table = root.Table("ensemble");
        if (members.Length > 1)
        {
            foreach (ManifestOutput output in outputs.Where(output => output.Contract.Type != ElementType.Float32))
            {
                root.Error($"output '{Printable.Of(output.Contract.Name)}' is not FP32; the members of an ensemble vote over FP32 outputs");
            }
        }

        if (table is null)
        {
            if (members.Length > 1)
            {
                root.Error($"there are {members.Length} members but no [ensemble]; say how they vote: rule = \"mean\", \"probabilities\" or \"majority\"");
            }

            return null;
        }

        VoteRule rule = table.RequiredChoice("rule", ("mean", VoteRule.Mean), ("probabilities", VoteRule.Probabilities), ("majority", VoteRule.Majority));
        int consensus = table.Integer("consensus", 0, 2, Math.Max(members.Length - 1, 2));
        var ensemble = new ManifestEnsemble(
            rule, Voted(table, rule, consensus > 0, outputs), ReadWeights(table, members.Length), consensus, ReadQuorum(table, members.Length, consensus),
            table.OptionalInteger("member_timeout_ms", 1, LongestMilliseconds) is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null);
        if (members.Length > 1)
        {
            if (table.Has("consensus") && members.Length == 2)
            {
                table.ErrorAt("consensus", "needs a third member: with two, nobody would be left to ask");
            }

            return ensemble;
        }

        // What a single member's bundle says of votes would look like a promise.
        if (rule != VoteRule.Mean)
        {
            table.ErrorAt("rule", "must be \"mean\": there is one member, and nobody to vote with");
        }

        foreach (string key in (ReadOnlySpan<string>)["weights", "consensus", "on_failure", "quorum", "member_timeout_ms"])
        {
            if (table.Has(key))
            {
                table.ErrorAt(key, "means nothing: there is one member");
            }
        }

        return null;
    }

    private static int Voted(TomlSection table, VoteRule rule, bool consensus, ImmutableArray<ManifestOutput> outputs)
    {
        int voted = outputs.Length == 1 ? 0 : -1;
        string? name = table.OptionalString("output", 256, text => outputs.Any(output => output.Contract.Name == text) ? null : "names no output of the model");
        for (int i = 0; name is not null && i < outputs.Length; i++)
        {
            voted = outputs[i].Contract.Name == name ? i : voted;
        }

        if (voted < 0 && name is null && outputs.Length > 1 && rule != VoteRule.Mean)
        {
            table.Error($"there are {outputs.Length} outputs; say which one the members vote on: output = \"NAME\". The others are the mean of the members'");
        }

        if (consensus && outputs.Length > 1)
        {
            table.ErrorAt("consensus", "needs a model of one output: of another one nobody could say whose answer it is in a row where the members agree");
        }

        if (voted >= 0 && outputs[voted].Contract.Shape.IsEmpty && (name is not null || rule != VoteRule.Mean || consensus))
        {
            table.ErrorAt(name is null ? "rule" : "output", $"is about output '{Printable.Of(outputs[voted].Contract.Name)}', whose shape [] has no last axis to vote over");
        }

        return voted >= 0 && outputs[voted].Contract.Shape.IsEmpty ? -1 : voted;
    }

    private static ImmutableArray<double> ReadWeights(TomlSection table, int members)
    {
        ImmutableArray<double>? weights = table.OptionalFloats("weights", MostWeights, SmallestWeight, LargestWeight);
        if (weights is { } given && given.Length != members)
        {
            table.ErrorAt("weights", $"has {given.Length} weights for {members} members; give one for each, in their order");
        }

        return weights is { } all && all.Length == members ? all : [.. Enumerable.Repeat(1.0, members)];
    }

    private static int ReadQuorum(TomlSection table, int members, int consensus)
    {
        bool partial = table.Choice("on_failure", false, ("fail", false), ("quorum", true));
        int quorum = table.Integer("quorum", members, 1, members);
        if (partial && !table.Has("quorum"))
        {
            table.ErrorAt("on_failure", "is \"quorum\", but no quorum is given: say how many members must answer, like quorum = 2");
        }
        else if (!partial && table.Has("quorum"))
        {
            table.ErrorAt("quorum", "means nothing unless on_failure = \"quorum\"");
        }
        else if (partial && consensus > 0 && quorum > consensus)
        {
            table.ErrorAt("quorum", $"is above consensus = {consensus}: a request that ends early would have fewer answers than the quorum");
        }

        return partial ? quorum : members;
    }
}
