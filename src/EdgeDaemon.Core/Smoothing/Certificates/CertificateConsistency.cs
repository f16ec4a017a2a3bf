using System.Collections.Immutable;

namespace EdgeDaemon.Core.Smoothing.Certificates;

/// <summary>What a certificate says twice must agree. Needs nothing but the certificate; whether it is true is another question.</summary>
internal static class CertificateConsistency
{
    /// <summary>The key of the document where it contradicts itself, and how; null where it does not.</summary>
    public static (string Part, string What)? Fault(RobustnessCertificate certificate) =>
        Model(certificate.Model) ?? Rule(certificate.Rule) ?? Samples(certificate) ?? Ladder(certificate) ?? Result(certificate) ?? Decision(certificate);

    private static (string, string)? Model(CertificateModel model) =>
        model.Members.Length == 1 && (model.Vote != VoteRule.Mean || model.Consensus != 0) ? ("model", "has one member: nobody votes, its rule is \"mean\" and its consensus 0") : null;

    private static (string, string)? Rule(CertificateRule rule) =>
        rule.Schedule is { } schedule && rule.MaxSamples > schedule.TableSamples
            ? ("rule", $"allows {rule.MaxSamples} samples; its tables end after table_samples = {schedule.TableSamples}")
            : null;

    private static (string, string)? Samples(RobustnessCertificate certificate)
    {
        CertificateRule rule = certificate.Rule;
        if (Fault(certificate.Selection) is { } selection)
        {
            return ("selection", selection);
        }

        if (Fault(certificate.Certification) is { } certification)
        {
            return ("certification", certification);
        }

        if (certificate.Selection.Samples > rule.Selection || (certificate.Selection.Samples < rule.Selection && certificate.Certification.Samples > 0))
        {
            return ("selection", $"has {certificate.Selection.Samples} samples, rule.selection says {rule.Selection}");
        }

        if (certificate.Certification.Samples > rule.MaxSamples)
        {
            return ("certification", $"has {certificate.Certification.Samples} samples, more than rule.max_samples = {rule.MaxSamples}");
        }

        long both = (long)certificate.Selection.Samples + certificate.Certification.Samples;
        return certificate.Noise.Count == both ? null : ("noise", $"counts {certificate.Noise.Count} samples, selection and certification have {both}");
    }

    private static string? Fault(SampleTally tally)
    {
        long sum = tally.Failed;
        int last = -1;
        foreach (ClassCount count in tally.Counts)
        {
            if (count.Class <= last)
            {
                return $"lists class {count.Class} after class {last}; classes grow";
            }

            last = count.Class;
            sum += count.Count;
        }

        return sum == tally.Samples ? null : $"has {tally.Samples} samples, but its counts and failed ones add up to {sum}";
    }

    private static (string, string)? Ladder(RobustnessCertificate certificate)
    {
        ImmutableArray<LadderStep> ladder = certificate.Ladder;
        if ((certificate.Rule.Method == CertificateMethod.Sequential) != (ladder.Length > 0))
        {
            return ("ladder", ladder.Length > 0 ? "must be empty with \"clopper_pearson\"" : "is empty; \"sequential\" decides over radii");
        }

        for (int i = 1; i < ladder.Length; i++)
        {
            if (ladder[i].Radius <= ladder[i - 1].Radius)
            {
                return ("ladder", $"[{i}].radius is not above the radius before it");
            }
        }

        return null;
    }

    private static (string, string)? Result(RobustnessCertificate certificate)
    {
        CertificateResult result = certificate.Result;
        if (result.Class != certificate.Selection.Largest())
        {
            return ("result", $"names class {result.Class}, the selection chose {certificate.Selection.Largest()}");
        }

        if (result.Abstained && (result.Radius != 0 || result.InputRadius != 0 || result.Samples != 0 || result.Agreements != 0))
        {
            return ("result", "abstained, and yet states a radius or what it rests on");
        }

        if (!result.Abstained && (result.Radius <= 0 || result.Class == Votes.None))
        {
            return ("result", "did not abstain, but certifies no radius of a class; a radius of 0 is abstention");
        }

        double inputRadius = CertificateResult.InUnitsOfInput(result.Radius, certificate.Noise.Scale);
        return result.InputRadius == inputRadius
            ? null
            : ("result", FormattableString.Invariant($"states an input_radius of {result.InputRadius:R}; radius times noise.scale, rounded down, is {inputRadius:R}"));
    }

    // Whether the look that decided can have been one, and the counts there.
    private static (string, string)? Decision(RobustnessCertificate certificate)
    {
        CertificateResult result = certificate.Result;
        int last = certificate.Certification.Samples;
        int agreements = certificate.Certification.Of(result.Class);
        if (StopFault(certificate) is { } stop)
        {
            return ("result", stop);
        }

        if (result.Abstained)
        {
            return null;
        }

        if (result.Samples > last || result.Agreements > result.Samples || result.Agreements > agreements || agreements - result.Agreements > last - result.Samples)
        {
            return ("result", $"rests on {result.Agreements} of {result.Samples} samples, certification counted {agreements} of {last}: both cannot be");
        }

        if (certificate.Rule.Schedule is not { } schedule)
        {
            return result.Samples == last ? null : ("result", $"rests on {result.Samples} samples; the Clopper-Pearson bound is over all {last}");
        }

        if (!IsLook(schedule, result.Samples))
        {
            return ("result", $"was decided after {result.Samples} samples, which is no look: every {schedule.Look}");
        }

        foreach (LadderStep step in certificate.Ladder)
        {
            if (step.Radius == result.Radius)
            {
                return null;
            }
        }

        return ("result", FormattableString.Invariant($"states a radius of {result.Radius:R}, which the ladder does not have"));
    }

    // Whether it can have ended so, with these counts: the boundaries themselves are not looked at.
    private static string? StopFault(RobustnessCertificate certificate)
    {
        bool sequential = certificate.Rule.Method == CertificateMethod.Sequential;
        int last = certificate.Certification.Samples;
        bool whole = last == certificate.Rule.MaxSamples, chosen = certificate.Selection.Samples == certificate.Rule.Selection;
        CertificateResult result = certificate.Result;
        string word = CertificateWords.Of(result.Stopped);
        if (chosen && result.Class == Votes.None)
        {
            return result.Stopped == StoppedBy.Samples && last == 0 ? null : $"says \"{word}\", but every sample that chooses failed: it ends there, by \"samples\"";
        }

        bool early = result.Stopped == StoppedBy.Deadline;
        if (early || !chosen)
        {
            return !early ? $"says \"{word}\", but not all samples that choose are counted"
                : whole ? $"says \"{word}\", but all samples are counted"
                : null;
        }

        return result.Stopped switch
        {
            StoppedBy.Completed => sequential || !whole ? $"says \"{word}\", which is for a Clopper-Pearson bound whose samples are all counted" : null,
            StoppedBy.Samples => !sequential || !whole ? $"says \"{word}\", which is for a ladder of which all of rule.max_samples are counted" : null,
            _ when result.Abstained == (result.Stopped == StoppedBy.Certified) || !sequential =>
                $"says \"{word}\", {(result.Stopped == StoppedBy.Certified ? "but no radius of a ladder is" : "which is for a ladder of which every radius was given up")}",
            _ => last > 0 && IsLook(certificate.Rule.Schedule!, last) ? null : $"says \"{word}\" after {last} samples, which is no look: decisions fall there and end it",
        };
    }

    private static bool IsLook(CertificateSchedule schedule, int samples) => samples % schedule.Look == 0 || samples == schedule.TableSamples;
}
