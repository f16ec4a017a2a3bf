using System.Collections.Immutable;
using System.Security.Cryptography;
using EdgeDaemon.Audit;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Engine.Smoothing;
using EdgeDaemon.Listeners;

namespace EdgeDaemon.Pipeline;

/// <summary>
/// What the audit log has of a certification: each certificate whole, and in the request's record what binds them: the seed's commitment, the seed (an auditor who reads the log can draw the noise
/// again; it is of no use for any later request), classes, radii and counts: a prediction has no certificate, and stands there alone.
/// </summary>
internal static class CertificationRecord
{
    /// <exception cref="Core.Protocol.RefusedException">A certificate is not in the log, and no answer may leave without.</exception>
    public static async ValueTask WriteAsync(AuditTrail audit, HttpExchange exchange, SmoothingWork work, ImmutableArray<SmoothedInput> inputs)
    {
        byte[] first = [];
        for (int i = 0; i < work.Certificates.Length; i++)
        {
            byte[] text = work.Certificates[i].ToCanonicalBytes(), digest = SHA256.HashData(text);
            first = i == 0 ? digest : first;
            await audit.CertifyAsync(exchange, inputs[i].Place, digest, text);
        }

        exchange.Draft.Rows = inputs.Length;
        exchange.Draft.Certified = new CertificateDraft
        {
            Commitment = Convert.FromHexString(work.Commitment),
            Seed = Copy(work.Seed.Bits),
            Sigma = work.Question.Sigma,
            Alpha = work.Question.Alpha,
            Classes = [.. inputs.AsEnumerable().Select(input => input.Class)],
            Agreement = [.. inputs.AsEnumerable().Select(Agreement)],
            AbstainedRows = Abstained(inputs),
            Radii = [.. inputs.AsEnumerable().Select(input => input.Radius)],
            Drawn = [.. inputs.AsEnumerable().Select(input => ((long)input.Place, (long)input.Samples))],
            TopCount = inputs[0].Counted.Of(inputs[0].Class),
            Abstained = inputs.All(input => input.Abstained),
            Certificate = first,
        };
    }

    private static List<int> Abstained(ImmutableArray<SmoothedInput> inputs)
    {
        var rows = new List<int>();
        for (int row = 0; row < inputs.Length; row++)
        {
            if (inputs[row].Abstained)
            {
                rows.Add(row);
            }
        }

        return rows;
    }

    private static long Agreement(SmoothedInput input)
    {
        SampleTally counted = input.Counted;
        return counted.Samples == 0 ? 0 : counted.Of(input.Class) * 1_000_000L / counted.Samples;
    }

    // The record may be written after the work has ended. Where it is, it stays until the draft clears it.
    private static byte[] Copy(ReadOnlySpan<byte> seed)
    {
        byte[] copy = GC.AllocateUninitializedArray<byte>(seed.Length, pinned: true);
        seed.CopyTo(copy);
        return copy;
    }
}
