using EdgeDaemon.Engine.Voting;
using EdgeDaemon.Models;

namespace EdgeDaemon.Monitoring;

/// <content>Models of several members: how they agree, and which of them fail.</content>
internal sealed partial class MetricsPage
{
    private void Ensembles(MetricsText text)
    {
        ServedModel[] voting = [.. from.Models.Serving.Where(model => model.Engine.Ensemble is not null)];
        if (voting.Length == 0)
        {
            return;
        }

        text.Histogram("edged_ensemble_agreement", "Share of the members that chose the answer's class, row by row; begins anew with each release of a model.");
        foreach (ServedModel model in voting)
        {
            VoteSum votes = model.Engine.Votes;
            text.Buckets(VoteStatistics.Bounds.AsSpan(), votes.Counts.AsSpan(), votes.Agreement, ("model", model.Name));
        }

        text.Counter("edged_ensemble_votes_total", "Runs of all that the members of a model had to say.");
        foreach (ServedModel model in voting)
        {
            text.Sample(model.Engine.Votes.Votes, ("model", model.Name));
        }

        text.Counter("edged_ensemble_early_exits_total", "Of those, runs that ended with the first members, because they agreed.");
        foreach (ServedModel model in voting)
        {
            text.Sample(model.Engine.Votes.EarlyExits, ("model", model.Name));
        }

        text.Counter("edged_member_failures_total", "Runs of a member that gave no answer: failed, or late.");
        foreach (ServedModel model in voting)
        {
            foreach (MemberRecord member in model.Engine.Ensemble!.Members)
            {
                text.Sample(member.Failed, ("model", model.Name), ("member", member.Name), ("cause", "failed"));
                text.Sample(member.Late, ("model", model.Name), ("member", member.Name), ("cause", "late"));
            }
        }
    }
}
