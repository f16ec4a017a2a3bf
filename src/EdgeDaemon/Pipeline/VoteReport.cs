using System.Globalization;
using System.Text;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine;
using EdgeDaemon.Engine.Voting;

namespace EdgeDaemon.Pipeline;

/// <summary>
/// How the members of an ensemble voted, as parameters of the answer; the same on both wires. Parameters are texts, numbers or booleans: what has a
/// value for each row is the JSON text of an array, also for one row.
/// </summary>
internal static class VoteReport
{
    /// <summary>A parameter is read whole by those who get it; more rows than these are no question about votes.</summary>
    public const int MostRows = 1024;

    /// <summary>Whether the request has <c>votes</c> = true.</summary>
    /// <exception cref="RefusedException">It is neither true nor false.</exception>
    public static bool IsWanted(InferRequest request)
    {
        if (request.Parameters.IsEmpty || !request.TryGetParameter("votes"u8, out InferParameter parameter))
        {
            return false;
        }

        return parameter.Kind == InferParameterKind.Boolean
            ? parameter.Boolean
            : throw new RefusedException(Refusal.HeadParameterUnsupported, "the parameter votes is neither true nor false");
    }

    /// <exception cref="RefusedException">Nobody votes in this model.</exception>
    public static void RequireVotes(Ensemble? ensemble)
    {
        if (ensemble is not { Rules.Output: >= 0 })
        {
            throw new RefusedException(Refusal.HeadParameterUnsupported, "the parameter votes asks for votes, and this model has no members that vote");
        }
    }

    /// <summary>Whether there is one vote for each of the inputs' first dimension. Of several, a shared run could have more than are kept, and who asks for votes would be refused for its neighbours.</summary>
    public static bool HasRowEach(Ensemble ensemble) => ensemble.Outputs[ensemble.Rules.Output].Shape.Length == 2;

    /// <summary>The request's rows of a run, whose members are several.</summary>
    public static ResponseParameter[] Of(RunAnswer answer)
    {
        EnsembleRun run = answer.Ensemble!;
        int rows = run.Count.Result.Rows;
        if (!answer.IsPart)
        {
            return Of(run, 0, rows);
        }

        int each = rows / answer.RunRows; // Of the output's rows, for one of the first dimension.
        return Of(run, answer.FirstRow * each, answer.Rows * each);
    }

    /// <param name="run">Its lane is not cleared yet.</param>
    /// <param name="first">The first row of those that belong to the request.</param>
    /// <param name="count">How many they are.</param>
    /// <exception cref="RefusedException">They are more than <see cref="MostRows"/>.</exception>
    private static ResponseParameter[] Of(EnsembleRun run, int first, int count)
    {
        VoteResult votes = run.Count.Result;
        if (count > MostRows || !votes.IsKept)
        {
            throw new RefusedException(Refusal.HeadParameterUnsupported, $"the parameter votes asks for the votes on more than {MostRows} rows");
        }

        return
        [
            ResponseParameter.Of("agreement", Rows(row => Number(votes.Row(row).Agreement))),
            ResponseParameter.Of("entropy", Rows(row => Number(run.Count.Entropy(row)))),
            ResponseParameter.Of("members", Members(run, Rows)),
            ResponseParameter.Of("failed_members", $"[{string.Join(',', run.Failed.Select(name => $"\"{name}\""))}]"),
        ];

        string Rows(Func<int, string> value) => $"[{string.Join(',', Enumerable.Range(first, count).Select(value))}]";
    }

    // Names of members need no escapes: letters, digits, and . _ -
    private static string Members(EnsembleRun run, Func<Func<int, string>, string> rows)
    {
        var text = new StringBuilder("{");
        for (int member = 0; member < run.Names.Length; member++)
        {
            int index = member;
            text.Append(member == 0 ? "" : ",").Append('"').Append(run.Names[member]).Append("\":")
                .Append(rows(row => run.Count.Result.Choices(row)[index] is >= 0 and var choice ? choice.ToString(CultureInfo.InvariantCulture) : "null"));
        }

        return text.Append('}').ToString();
    }

    private static string Number(double value) => double.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : "null";

    private static string Number(float value) => value.ToString("R", CultureInfo.InvariantCulture);
}
