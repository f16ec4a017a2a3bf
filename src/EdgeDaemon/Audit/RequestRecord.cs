using System.Diagnostics;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine;
using EdgeDaemon.Engine.Voting;
using EdgeDaemon.Listeners;
using EdgeDaemon.Monitoring;

namespace EdgeDaemon.Audit;

/// <summary>One request -> the bytes of its record. Allocates nothing; the fields are Core/Audit/README.md's.</summary>
internal static class RequestRecord
{
    /// <summary>Longest record of a request: its texts and lists together stay below it, and the writer counts what would not.</summary>
    public const int MostBytes = 4096;

    private static readonly double MicrosecondsPerTick = 1e6 / Stopwatch.Frequency;

    /// <summary>An inference that was answered.</summary>
    /// <param name="room">At least <see cref="MostBytes"/>.</param>
    /// <param name="redaction">Null: identifying texts stand as they are.</param>
    /// <param name="exchange">With its draft.</param>
    /// <param name="times">Of its line.</param>
    /// <param name="ended">When the answer was encoded, in <see cref="Stopwatch"/>'s ticks.</param>
    /// <param name="strict">The answer waits for the disk.</param>
    public static int Answered(Span<byte> room, Redaction? redaction, HttpExchange exchange, in RequestTimes times, long ended, bool strict)
    {
        RequestDraft draft = exchange.Draft;
        var record = new RecordWriter(room, RecordKind.Request, redaction);
        Id(ref record, exchange);
        if (!draft.Known.TryWrite(ref record, redaction, exchange))
        {
            int from = record.Length;
            Who(ref record, exchange);
            What(ref record, draft);
            draft.Known.Keep(record, from, redaction, exchange);
        }

        record.Text(RecordField.Outcome, RecordText.Of(Outcome.Ok));
        Digests(ref record, draft);
        Votes(ref record, draft);
        Certified(ref record, draft);
        record.Number(RecordField.InputBytes, draft.InputBytes);
        record.Number(RecordField.OutputBytes, draft.OutputBytes);
        record.Number(RecordField.InputMicroseconds, Microseconds(times.Input));
        record.Number(RecordField.QueueMicroseconds, Microseconds(times.Queue));
        record.Number(RecordField.InferMicroseconds, Microseconds(times.Infer));
        record.Number(RecordField.OutputMicroseconds, Microseconds(times.Output(ended)));
        record.Number(RecordField.TotalMicroseconds, Microseconds(times.Total(ended)));
        record.Flag(RecordField.Durability, strict);
        return record.Finish();
    }

    /// <summary>A request of any kind that got no answer. Whoever could not prove who it is, or is nobody's, failed to authenticate; all others were refused.</summary>
    /// <param name="room">At least <see cref="MostBytes"/>.</param>
    /// <param name="redaction">The detail is left out with it: it is written for the log, and names callers.</param>
    /// <param name="exchange">With its draft.</param>
    /// <param name="refusal">None: its caller went away, and nobody was refused.</param>
    /// <param name="outcome">As metrics count it.</param>
    /// <param name="status">HTTP's, as the caller sees it; 0: none was sent.</param>
    /// <param name="detail">For the operator.</param>
    /// <param name="now">In <see cref="Stopwatch"/>'s ticks.</param>
    public static int Refused(Span<byte> room, Redaction? redaction, HttpExchange exchange, Refusal refusal, Outcome outcome, int status, string detail, long now)
    {
        RequestDraft draft = exchange.Draft;
        var record = new RecordWriter(room, IsAuthentication(refusal) ? RecordKind.AuthenticationFailure : RecordKind.Refusal, redaction);
        Id(ref record, exchange);
        Who(ref record, exchange);
        What(ref record, draft);
        record.Text(RecordField.Outcome, RecordText.Of(outcome));
        if (refusal != Refusal.None)
        {
            record.Text(RecordField.Refusal, RecordText.Of(refusal));
        }

        if (status > 0)
        {
            record.Number(RecordField.Status, status);
        }

        if (redaction is null)
        {
            record.Write(RecordField.Detail, detail);
        }

        if (draft.Begun > 0)
        {
            record.Number(RecordField.TotalMicroseconds, Microseconds(now - draft.Begun));
        }

        return record.Finish();
    }

    public static bool IsAuthentication(Refusal refusal) =>
        refusal is Refusal.AccessUnknownCaller or Refusal.AccessExpired or Refusal.AccessTokenMissing or Refusal.AccessTokenInvalid;

    private static void Id(ref RecordWriter record, HttpExchange exchange)
    {
        Span<char> id = stackalloc char[HttpExchange.LongestId];
        record.Write(RecordField.RequestId, id[..exchange.WriteId(id)]);
    }

    private static void Who(ref RecordWriter record, HttpExchange exchange)
    {
        record.Write(RecordField.Tenant, exchange.Tenant?.Name);
        record.Write(RecordField.Caller, exchange.Caller.Name);
        record.Write(RecordField.Listener, exchange.Listener.Name);
        record.Text(RecordField.Protocol, RecordText.Of(exchange.Draft.Wire));
    }

    private static void What(ref RecordWriter record, RequestDraft draft)
    {
        if (draft.Model is { } model)
        {
            record.Write(RecordField.Model, model.Name);
            record.Write(RecordField.ModelVersion, model.Version);
            record.Bytes(RecordField.Release, model.Release.Span);
        }
        else
        {
            record.Write(RecordField.Model, draft.AskedName);
            record.Write(RecordField.ModelVersion, draft.AskedVersion);
        }
    }

    private static void Digests(ref RecordWriter record, RequestDraft draft)
    {
        ReadOnlySpan<byte> input = draft.Input.Value, output = draft.Output.Value;
        if (!input.IsEmpty || !output.IsEmpty)
        {
            // Of the outputs' where the two differ; a digest's length says by which it was made.
            record.Number(RecordField.DigestAlgorithm, (ulong)((output.IsEmpty ? input : output).Length == TensorHasher.GmacBytes ? 1 : 2));
            record.Bytes(RecordField.InputDigest, input);
            record.Bytes(RecordField.OutputDigest, output);
        }
    }

    private static void Votes(ref RecordWriter record, RequestDraft draft)
    {
        record.Number(RecordField.Rows, draft.Rows);
        if (draft.Votes is not { } votes)
        {
            return;
        }

        foreach (int choice in votes.Classes)
        {
            if (choice == VoteResult.NoChoice)
            {
                break; // No number stands for it, and the next ones would slip into its place.
            }

            record.Number(RecordField.Class, choice);
        }

        foreach (int agreement in votes.Agreement)
        {
            record.Number(RecordField.AgreementMillionths, agreement);
        }

        if (votes.Members > 0)
        {
            foreach (int vote in votes.Counts)
            {
                record.Number(RecordField.Votes, vote);
            }

            record.Number(RecordField.Members, votes.Members);
            record.Number(RecordField.FailedMembers, votes.FailedMembers);
        }
    }

    private static void Certified(ref RecordWriter record, RequestDraft draft)
    {
        if (draft.Certified is not { } made)
        {
            return;
        }

        for (int row = 0; row < Math.Min(made.Classes.Count, CertificateDraft.MostRows) && made.Classes[row] != VoteResult.NoChoice; row++)
        {
            record.Number(RecordField.Class, made.Classes[row]);
        }

        for (int row = 0; row < Math.Min(made.Agreement.Count, CertificateDraft.MostRows); row++)
        {
            record.Number(RecordField.AgreementMillionths, made.Agreement[row]);
        }

        foreach (int row in made.AbstainedRows)
        {
            if (row < CertificateDraft.MostRows)
            {
                record.Number(RecordField.AbstainedRow, row);
            }
        }

        record.Flag(RecordField.Abstained, made.Abstained);
        record.Bytes(RecordField.NoiseKeyDigest, made.Commitment.Span);
        record.Bytes(RecordField.NoiseKey, made.Seed.Span);
        long samples = 0;
        for (int i = 0; i < made.Drawn.Count; i++)
        {
            samples += made.Drawn[i].Samples;
            if (i < CertificateDraft.MostRows)
            {
                record.Number(RecordField.NoiseCounter, made.Drawn[i].Place);
                record.Number(RecordField.NoiseCounter, made.Drawn[i].Samples);
            }
        }

        record.Millionths(RecordField.SigmaMillionths, made.Sigma);
        for (int i = 0; i < Math.Min(made.Radii.Count, CertificateDraft.MostRows); i++)
        {
            // Downward: a record must not say more than was certified.
            record.Number(RecordField.RadiusMillionths, (long)Math.Floor(made.Radii[i] * 1e6));
        }

        record.Number(RecordField.AlphaBillionths, (long)Math.Ceiling(made.Alpha * 1e9));
        record.Number(RecordField.Samples, samples);
        record.Number(RecordField.TopCount, made.TopCount);
        record.Bytes(RecordField.Certificate, made.Certificate.Span);
    }

    private static long Microseconds(long ticks) => (long)(ticks * MicrosecondsPerTick);
}
