using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Core.Smoothing.Noise;
using EdgeDaemon.Engine.Smoothing;

namespace EdgeDaemon.Pipeline;

/// <summary>
/// What came of a certification, as parameters of an answer without outputs; the same on both wires. As with votes, what has a value for each input is the JSON text of an array, also for one
/// input; what holds for all of them is a value.
/// </summary>
internal static class SmoothingReport
{
    // Where the seed will be. Names are escaped: no other place of a certificate reads so.
    private static readonly string NoSeed = new('0', 2 * NoiseSeed.Size);

    private static ReadOnlySpan<byte> SeedKey => "\"seed\":\""u8;

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
            work.Told = Certificates(work);
            parameters.Add(ResponseParameter.OfSecret("certificates", work.Told));
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

    // Canonical bytes but for the seed, which whoever may reads beside them. Each is one text, so that its bytes come as they are. The seed is written into memory that does not move and is
    // cleared when the work ends: of a string nobody knows where its copies are.
    private static byte[] Certificates(SmoothingWork work)
    {
        bool reveals = work.Wish.RevealSeed;
        byte[][] each = [.. work.Certificates.AsEnumerable().Select(certificate => reveals ? (certificate with { Noise = certificate.Noise with { Seed = NoSeed } }).ToJson() : certificate.ToCanonicalBytes())];
        byte[] text = GC.AllocateUninitializedArray<byte>(each.Sum(certificate => certificate.Length + 1) + 1, pinned: true);
        int length = 0;
        foreach (byte[] certificate in each)
        {
            text[length++] = (byte)(length == 1 ? '[' : ',');
            Span<byte> into = text.AsSpan(length, certificate.Length);
            certificate.CopyTo(into);
            if (reveals)
            {
                Hex(work.Seed.Bits, into[(into.LastIndexOf(SeedKey) + SeedKey.Length)..]);
            }

            length += certificate.Length;
        }

        text[length] = (byte)']';
        return text;
    }

    private static void Hex(ReadOnlySpan<byte> bits, Span<byte> digits)
    {
        for (int i = 0; i < bits.Length; i++)
        {
            digits[2 * i] = "0123456789abcdef"u8[bits[i] >> 4];
            digits[(2 * i) + 1] = "0123456789abcdef"u8[bits[i] & 15];
        }
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    // The shortest text that reads back as the same double: rounding down was done before.
    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
