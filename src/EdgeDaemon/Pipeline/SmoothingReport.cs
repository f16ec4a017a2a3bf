using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Engine.Smoothing;

namespace EdgeDaemon.Pipeline;

/// <summary>
/// What came of a certification, as parameters of an answer without outputs; the same on both wires. As with votes, what has a value for each input is the JSON text of an array, also for one
/// input; what holds for all of them is a value.
/// </summary>
internal static class SmoothingReport
{
    public static ResponseParameter[] Of(SmoothingWork work, ImmutableArray<SmoothedInput> inputs)
    {
        SmoothingQuestion question = work.Question;
        bool certifies = question.Mode != SmoothingMode.Predict;
        var parameters = new List<ResponseParameter>
        {
            ResponseParameter.Of("certify", certifies ? "certify" : "predict"),
            ResponseParameter.Of("class", Each(input => input.Abstained ? "null" : Number(input.Class))),
            ResponseParameter.Of("abstained", Each(input => input.Abstained ? "true" : "false")),
        };
        if (certifies)
        {
            // Both are rounded down: the one in the units of sigma and of what was asked, the other in those of the input as the caller sent it.
            parameters.Add(ResponseParameter.Of("radius", Each(input => Number(input.Radius))));
            parameters.Add(ResponseParameter.Of("certified_radius", Each(input => Number(CertificateResult.InUnitsOfInput(input.Radius, question.Noise.Scale.Divisor)))));
            parameters.Add(ResponseParameter.Of("norm", CertificateNoise.Norm));
        }

        parameters.Add(ResponseParameter.Of("sigma", question.Sigma));
        parameters.Add(ResponseParameter.Of("alpha", question.Alpha));
        parameters.Add(ResponseParameter.Of("samples", Each(input => Number(input.Samples))));
        parameters.Add(ResponseParameter.Of("top_counts", Each(Top)));
        parameters.Add(ResponseParameter.Of("stopped", Each(input => $"\"{CertificateWords.Of(input.Stopped)}\"")));
        if (work.Wish.Certificate)
        {
            parameters.Add(ResponseParameter.Of("certificates", Certificates(work)));
        }

        return [.. parameters];

        string Each(Func<SmoothedInput, string> value)
        {
            var text = new StringBuilder("[");
            foreach (SmoothedInput input in inputs)
            {
                text.Append(text.Length > 1 ? "," : "").Append(value(input));
            }

            return text.Append(']').ToString();
        }
    }

    // The two classes found most often among the samples that certify, or predict, each with its count: [[3,980],[8,12]].
    private static string Top(SmoothedInput input)
    {
        ClassCount first = default, second = default;
        foreach (ClassCount count in input.Counted.Counts)
        {
            if (count.Count > first.Count)
            {
                (first, second) = (count, first);
            }
            else if (count.Count > second.Count)
            {
                second = count;
            }
        }

        return first.Count == 0 ? "[]"
            : second.Count == 0 ? string.Create(CultureInfo.InvariantCulture, $"[[{first.Class},{first.Count}]]")
            : string.Create(CultureInfo.InvariantCulture, $"[[{first.Class},{first.Count}],[{second.Class},{second.Count}]]");
    }

    // Canonical bytes but for the seed, which whoever may reads beside them. Each is one text, so that its bytes come as they are.
    private static string Certificates(SmoothingWork work)
    {
        string? seed = work.Wish.RevealSeed ? Convert.ToHexStringLower(work.Seed.Bits) : null;
        var text = new StringBuilder("[");
        foreach (RobustnessCertificate certificate in work.Certificates)
        {
            RobustnessCertificate shown = seed is null ? certificate : certificate with { Noise = certificate.Noise with { Seed = seed } };
            text.Append(text.Length > 1 ? "," : "").Append(Encoding.UTF8.GetString(shown.ToJson()));
        }

        return text.Append(']').ToString();
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    // The shortest text that reads back as the same double: rounding down was done before.
    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
