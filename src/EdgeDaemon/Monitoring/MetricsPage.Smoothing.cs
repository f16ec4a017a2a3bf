using EdgeDaemon.Engine.Smoothing;
using EdgeDaemon.Models;

namespace EdgeDaemon.Monitoring;

/// <content>Models that are smoothed: what was certified, and what it took.</content>
internal sealed partial class MetricsPage
{
    private void Smoothing(MetricsText text)
    {
        ServedModel[] smoothed = [.. from.Models.Serving.Where(model => model.Smoothing is not null)];
        if (smoothed.Length == 0)
        {
            return;
        }

        text.Counter("edged_smoothing_inputs_total", "Inputs of certifications by what was answered: a radius, a class alone, or an abstention; begins anew with each release of a model.");
        foreach (ServedModel model in smoothed)
        {
            SmoothingStatistics counts = model.Smoothed;
            text.Sample(counts.Certified, ("model", model.Name), ("answer", "certified"));
            text.Sample(counts.Predicted, ("model", model.Name), ("answer", "predicted"));
            text.Sample(counts.Abstained, ("model", model.Name), ("answer", "abstained"));
        }

        text.Counter("edged_smoothing_samples_total", "Noisy samples that counted.");
        foreach (ServedModel model in smoothed)
        {
            text.Sample(model.Smoothed.Samples, ("model", model.Name));
        }

        text.Counter("edged_smoothing_runs_total", "Runs over noisy samples, by how they ended.");
        foreach (ServedModel model in smoothed)
        {
            text.Sample(model.Smoothed.Runs - model.Smoothed.FailedRuns, ("model", model.Name), ("outcome", "ok"));
            text.Sample(model.Smoothed.FailedRuns, ("model", model.Name), ("outcome", "failed"));
        }
    }
}
