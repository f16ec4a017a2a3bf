using EdgeDaemon.Core.Smoothing;
using EdgeDaemon.Core.Smoothing.Boundaries;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Core.Smoothing.Noise;
using EdgeDaemon.Core.Smoothing.Statistics;

namespace EdgeDaemon.Ctl.Certification.Replay;

/// <summary>
/// Draws a certificate's noise again, runs the model over it, and holds every count, look and radius against what the certificate says. Exact: one sample that falls
/// elsewhere is a difference.
/// </summary>
/// <param name="certificate">As it was given.</param>
/// <param name="ladder">Its tables; null with Clopper-Pearson.</param>
/// <param name="elsewhere">What differs from where it was made (library, processor), to be named when counts do; null for nothing.</param>
internal sealed class CertificateReplay(RobustnessCertificate certificate, RadiusLadder? ladder, string? elsewhere)
{
    private const int MostRows = 1024; // inputs of one request

    /// <summary>The seed that the certificate is committed to.</summary>
    /// <param name="given">64 hex digits, or null for the certificate's own.</param>
    /// <exception cref="CtlException">There is none, or it is another one.</exception>
    public static NoiseSeed Seed(RobustnessCertificate certificate, string? given)
    {
        string revealed = given ?? certificate.Noise.Seed
            ?? throw new CtlException("the certificate does not reveal its seed: ask the daemon's operator for it ('edgectl audit' shows it to auditors), and give it with --seed");
        var seed = new NoiseSeed(Convert.FromHexString(revealed));
        Span<byte> commitment = stackalloc byte[NoiseSeed.CommitmentSize];
        seed.Commit(commitment);
        if (Convert.ToHexStringLower(commitment) == certificate.Noise.Commitment)
        {
            return seed;
        }

        seed.Dispose();
        throw new CtlException($"the seed does not belong to noise.commitment: its own is {Convert.ToHexStringLower(commitment)}, the certificate's {certificate.Noise.Commitment}");
    }

    /// <summary>Samples failed when it was made that do not fail now: they count against the class, and of the path only the bounds could be judged.</summary>
    public bool HadFailures { get; private set; }

    /// <exception cref="CtlException">What the certificate says is not what comes out, or not what was sealed; the message names the first difference.</exception>
    public void Run(ReplayModel model, NoiseSeed seed, byte[] input, CancellationToken cancellation)
    {
        if (certificate.Noise.Sampler != RowNoise.Version)
        {
            throw new CtlException($"noise.sampler is '{certificate.Noise.Sampler}'; this edgectl draws '{RowNoise.Version}': verify with the version that made it");
        }

        // A daemon begins at sample 0 of a row of the request. Whoever has the seed could otherwise look for rows and samples until a false radius comes out.
        if (certificate.Noise.First != 0 || certificate.Noise.Row >= MostRows)
        {
            throw new CtlException($"noise.row is {certificate.Noise.Row} and noise.first {certificate.Noise.First}; a daemon draws for rows 0 to {MostRows - 1}, from sample 0 on");
        }

        var scale = new NoiseScale(certificate.Noise.Sigma, (float)certificate.Noise.Scale);
        RowNoise noise = certificate.Noise.Kind == CertificateKind.Grid ? RowNoise.ForBytes(scale) : RowNoise.ForFloats(scale);
        if (!noise.Accepts(input))
        {
            throw new CtlException("the input has numbers that this noise cannot be added to exactly: no daemon certifies it");
        }

        NoiseKey key = seed.Key((uint)certificate.Noise.Row);
        int[] choices = Draw(model, noise, key, input, cancellation);
        NoiseKey.Clear(ref key);
        Judge(choices);

        // Last, since what differs is better named. What no sample shows (how many might have been drawn, on which processor, that some had failed) stands under the seal alone.
        if (!certificate.IsSealedBy(seed))
        {
            throw new CtlException("the seal is none of these words by this seed: something was changed after the certificate was made, of which the samples show nothing; as it was made it stands in the audit log (edgectl audit query --kind certificate --json)");
        }
    }

    // Classes of all samples in draw order.
    private int[] Draw(ReplayModel model, RowNoise noise, NoiseKey key, byte[] input, CancellationToken cancellation)
    {
        int[] choices = new int[certificate.Noise.Count];
        bool[] sure = new bool[model.Rows];
        for (int at = 0; at < choices.Length; at += model.Rows)
        {
            cancellation.ThrowIfCancellationRequested();
            int rows = Math.Min(model.Rows, choices.Length - at);
            for (int row = 0; row < rows; row++)
            {
                sure[row] = noise.TryAdd(key, (ulong)(certificate.Noise.First + at + row), 0, input, model.Tensor.Slice(row * model.Elements, model.Elements));
            }

            Span<int> chosen = choices.AsSpan(at, rows);
            model.Run(chosen);
            for (int row = 0; row < rows; row++)
            {
                // A draw in doubt is for nobody, whatever the model says to it.
                chosen[row] = sure[row] ? chosen[row] : Votes.None;
            }
        }

        return choices;
    }

    private void Judge(int[] choices)
    {
        ReadOnlySpan<int> selecting = choices.AsSpan(0, certificate.Selection.Samples), certifying = choices.AsSpan(certificate.Selection.Samples);
        bool failed = Compare("selection", certificate.Selection, Tally(selecting));
        failed |= Compare("certification", certificate.Certification, Tally(certifying));
        if (failed)
        {
            // Runs failed then that do not fail now. Their samples are known to be against the class; at which look each of them came is not.
            HadFailures = true;
            JudgeCounts(certifying);
            return;
        }

        var selection = new Selection(certificate.Engine.Classes);
        selection.Begin(certificate.Rule.Selection);
        selection.Count(selecting);
        ChosenClass chosen = selection.Choose();
        if (chosen.Index < 0 || !selection.Complete)
        {
            Same("result.abstained", certificate.Result.Abstained, true);
        }
        else if (ladder is null)
        {
            var decision = new FixedSizeDecision(chosen, certificate.Rule.MaxSamples, certificate.Rule.Alpha, certificate.Noise.Sigma);
            decision.Count(decision.NextSample, certifying);
            Result(decision.Radius, decision.Radius > 0 ? (decision.Samples, decision.Agreements) : default);
        }
        else
        {
            Sequential(new SequentialDecision(ladder, chosen), certifying);
        }
    }

    private void Sequential(SequentialDecision decision, ReadOnlySpan<int> certifying)
    {
        (int Samples, int Agreements) basis = default;
        for (int i = 0; i < certifying.Length; i++)
        {
            if (decision.Verdict is not Verdict.GoOn)
            {
                throw new CtlException($"all was decided after {decision.Samples} certification samples; the certificate counts {certifying.Length}");
            }

            int certified = decision.Certified;
            decision.Count(decision.NextSample, certifying.Slice(i, 1));
            basis = decision.Certified > certified ? (decision.Samples, decision.Agreements) : basis;
        }

        StoppedBy stopped = certificate.Result.Stopped;
        bool right = decision.Verdict switch
        {
            Verdict.Certified => stopped == StoppedBy.Certified,
            Verdict.Futile => stopped == StoppedBy.Futile,
            _ => stopped is StoppedBy.Samples or StoppedBy.Deadline,
        };
        Result(decision.Radius, basis);
        if (!right)
        {
            throw new CtlException($"result.stopped is \"{CertificateWords.Of(stopped)}\"; after these samples the decision stands at \"{decision.Verdict}\"");
        }
    }

    private void Result(double radius, (int Samples, int Agreements) basis)
    {
        Same("result.radius", certificate.Result.Radius, radius);
        Same("result.samples", certificate.Result.Samples, basis.Samples);
        Same("result.agreements", certificate.Result.Agreements, basis.Agreements);
    }

    // The counts as they stand must carry the radius, whatever the path to them was.
    private void JudgeCounts(ReadOnlySpan<int> certifying)
    {
        if (ladder is not null)
        {
            new FailedPath(certificate, ladder, certifying).Judge();
            return;
        }

        double bound = ClopperPearson.Lower(certificate.Certification.Of(certificate.Result.Class), certificate.Rule.MaxSamples, certificate.Rule.Alpha);
        Same("result.radius", certificate.Result.Radius, CertifiedRadius.Of(bound, certificate.Noise.Sigma));
    }

    private SampleTally Tally(ReadOnlySpan<int> choices)
    {
        int[] counts = new int[certificate.Engine.Classes];
        foreach (int choice in choices)
        {
            if (choice >= 0)
            {
                counts[choice]++;
            }
        }

        return SampleTally.From(choices.Length, counts);
    }

    /// <summary>True when samples had failed that do not fail again, and everything else agrees.</summary>
    private bool Compare(string part, SampleTally stated, SampleTally found)
    {
        if (stated.Failed == found.Failed && stated.Counts.AsSpan().SequenceEqual(found.Counts.AsSpan()))
        {
            return false;
        }

        bool failed = stated.Failed > found.Failed;
        foreach (ClassCount count in stated.Counts)
        {
            failed &= count.Count <= found.Of(count.Class);
        }

        return failed
            ? true
            : throw new CtlException($"{part}.counts are {Text(stated)} in the certificate and {Text(found)} when the samples are drawn and run again{(elsewhere is null ? "" : $"; {elsewhere}, which may move a sample on an edge")}");
    }

    private static string Text(SampleTally tally) =>
        $"[{string.Join(", ", tally.Counts.Select(count => $"[{count.Class}, {count.Count}]"))}]{(tally.Failed > 0 ? $" with {tally.Failed} failed" : "")}";

    private static void Same<T>(string key, T stated, T found)
    {
        if (!EqualityComparer<T>.Default.Equals(stated, found))
        {
            throw new CtlException(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{key} is {stated} in the certificate; drawn and run again it is {found}"));
        }
    }
}
