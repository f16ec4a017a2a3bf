using System.Collections.Immutable;

namespace EdgeDaemon.Core.Smoothing.Certificates;

/// <summary>What a certificate says twice must agree. Needs nothing but the certificate; whether it is true is another question.</summary>
internal static class CertificateConsistency
{
    /// <summary>The key of the document where it contradicts itself, and how; null where it does not.</summary>
    public static (string Part, string What)? Fault(RobustnessCertificate certificate)
    {
        CertificateRule rule = certificate.Rule;
        if (certificate.Model.Members.Length == 1 && (certificate.Model.Vote != VoteRule.Mean || certificate.Model.Consensus != 0))
        {
            return ("model", "has one member: nobody votes, its rule is \"mean\" and its consensus 0");
        }

        if (rule.Method == CertificateMethod.ClopperPearson && rule.Look != rule.MaxSamples)
        {
            return ("rule", $"looks after {rule.Look} samples; the Clopper-Pearson bound holds after max_samples = {rule.MaxSamples} only");
        }

        if (Fault(certificate.Selection) is { } selection)
        {
            return ("selection", selection);
        }

        if (Fault(certificate.Certification) is { } certification)
        {
            return ("certification", certification);
        }

        if (certificate.Selection.Samples != rule.Selection)
        {
            return ("selection", $"has {certificate.Selection.Samples} samples, rule.selection says {rule.Selection}");
        }

        if (certificate.Certification.Samples > rule.MaxSamples)
        {
            return ("certification", $"has {certificate.Certification.Samples} samples, more than rule.max_samples = {rule.MaxSamples}");
        }

        if (certificate.Certification.Samples % rule.Look != 0 && certificate.Certification.Samples != rule.MaxSamples)
        {
            return ("certification", $"ends after {certificate.Certification.Samples} samples, which is no look: every {rule.Look}");
        }

        if (certificate.Noise.Count != (long)certificate.Selection.Samples + certificate.Certification.Samples)
        {
            return ("noise", $"counts {certificate.Noise.Count} samples, selection and certification have {(long)certificate.Selection.Samples + certificate.Certification.Samples}");
        }

        if (certificate.Result.Class != certificate.Selection.Largest())
        {
            return ("result", $"names class {certificate.Result.Class}, the selection chose {certificate.Selection.Largest()}");
        }

        return Ladder(certificate) ?? Result(certificate);
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

        int last = certificate.Certification.Samples;
        int agreements = certificate.Certification.Of(certificate.Result.Class);
        for (int i = 0; i < ladder.Length; i++)
        {
            LadderStep step = ladder[i];
            string which = $"[{i}]";
            if (i > 0 && step.Radius <= ladder[i - 1].Radius)
            {
                return ("ladder", $"{which}.radius is not above the radius before it");
            }

            if (step.Samples > last || (step.Verdict == RadiusVerdict.Undecided && step.Samples != last))
            {
                return ("ladder", $"{which} was judged after {step.Samples} samples, {last} were counted");
            }

            if (step.Agreements > step.Samples || step.Agreements > agreements || (step.Samples == last && step.Agreements != agreements)
                || agreements - step.Agreements > last - step.Samples)
            {
                return ("ladder", $"{which} has {step.Agreements} agreements among {step.Samples} samples, certification {agreements} among {last}: both cannot be");
            }

            // A smaller radius asks for less: it is certified whenever a larger one is.
            if (i > 0 && step.Verdict == RadiusVerdict.Certified && ladder[i - 1].Verdict != RadiusVerdict.Certified)
            {
                return ("ladder", $"{which} is certified, but the smaller radius before it is not");
            }
        }

        return null;
    }

    private static (string, string)? Result(RobustnessCertificate certificate)
    {
        CertificateResult result = certificate.Result;
        if (result.Abstained && (result.Radius != 0 || result.InputRadius != 0))
        {
            return ("result", "abstained, and yet states a radius");
        }

        if (!result.Abstained && (result.Radius <= 0 || result.Class == Votes.None))
        {
            return ("result", "did not abstain, but certifies no radius of a class; a radius of 0 is abstention");
        }

        double inputRadius = CertificateResult.InUnitsOfInput(result.Radius, certificate.Noise.Scale);
        if (result.InputRadius != inputRadius)
        {
            return ("result", $"states an input_radius of {result.InputRadius:R}; radius times noise.scale, rounded down, is {inputRadius:R}");
        }

        double most = 0;
        bool open = false;
        foreach (LadderStep step in certificate.Ladder)
        {
            most = step.Verdict == RadiusVerdict.Certified ? step.Radius : most;
            open |= step.Verdict == RadiusVerdict.Undecided;
        }

        if (certificate.Rule.Method == CertificateMethod.Sequential && result.Radius != most)
        {
            return ("result", $"states a radius of {result.Radius:R}; the largest certified one of the ladder is {most:R}");
        }

        return StopFault(certificate, open) is { } fault ? ("result", fault) : null;
    }

    private static string? StopFault(RobustnessCertificate certificate, bool open)
    {
        bool sequential = certificate.Rule.Method == CertificateMethod.Sequential;
        bool whole = certificate.Certification.Samples == certificate.Rule.MaxSamples;
        bool largest = sequential && certificate.Ladder[^1].Verdict == RadiusVerdict.Certified;
        string word = CertificateWords.Of(certificate.Result.Stopped);
        return certificate.Result.Stopped switch
        {
            StoppedBy.Completed => sequential || !whole ? $"says \"{word}\", which is for a Clopper-Pearson bound whose samples are all counted" : null,
            StoppedBy.Certified => largest ? null : $"says \"{word}\", but the largest radius asked for is not certified",
            StoppedBy.Futile => !sequential || open || largest ? $"says \"{word}\", which is for a ladder with a radius that was given up and none that is open" : null,
            _ => (sequential ? open : !whole) ? null : $"says \"{word}\", but nothing was left open",
        };
    }
}
