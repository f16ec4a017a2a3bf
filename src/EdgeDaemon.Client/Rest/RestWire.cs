using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Serialization.Metadata;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Client.Models;
using EdgeDaemon.Client.Transport;
using EdgeDaemon.Core.Protocol;
using ModelDescription = EdgeDaemon.Client.Models.ModelDescription;

namespace EdgeDaemon.Client.Rest;

/// <summary>The protocol over HTTP/1.1.</summary>
internal sealed class RestWire(Exchange exchange) : IWire
{
    private readonly RestExchange _rest = new(exchange);

    public Task<bool> IsLiveAsync(CancellationToken cancellation) => HealthAsync("v2/health/live", cancellation);

    public Task<bool> IsReadyAsync(CancellationToken cancellation) => HealthAsync("v2/health/ready", cancellation);

    public Task<bool> IsModelReadyAsync(string model, CancellationToken cancellation) =>
        HealthAsync($"{ModelPath(model, null)}/ready", cancellation);

    public async Task<ServerDescription> DescribeServerAsync(CancellationToken cancellation)
    {
        ServerForm form = await ReadAsync("v2", WireJson.Default.ServerForm, cancellation);
        return new ServerDescription(form.Name, form.Version, [.. form.Extensions]);
    }

    public async Task<ModelDescription> DescribeModelAsync(string model, CancellationToken cancellation)
    {
        string path = ModelPath(model, null);
        ModelForm metadata = await ReadAsync(path, WireJson.Default.ModelForm, cancellation);
        ConfigForm config = await ReadAsync($"{path}/config", WireJson.Default.ConfigForm, cancellation);
        return DescriptionReader.Read(metadata, config);
    }

    public async Task<ImmutableArray<ModelStatistics>> StatisticsAsync(string? model, CancellationToken cancellation)
    {
        string path = model is null ? "v2/models/stats" : $"{ModelPath(model, null)}/stats";
        StatisticsForm form = await ReadAsync(path, WireJson.Default.StatisticsForm, cancellation);
        return [.. form.ModelStats.Select(Statistics)];
    }

    public async Task<ImmutableArray<ModelIndexEntry>> ListModelsAsync(CancellationToken cancellation)
    {
        HttpAnswer answer = await _rest.SendAsync(HttpMethod.Post, "v2/repository/index", null, null, cancellation);
        return [.. JsonAnswer.Read(answer, WireJson.Default.IndexFormArray).Select(
            form => new ModelIndexEntry(form.Name, form.Version ?? "", form.State ?? "", form.Reason ?? ""))];
    }

    public Task<InferenceAnswer> InferAsync(InferenceRequest request, CancellationToken cancellation)
    {
        ReadOnlyMemory<byte> head = RequestHead.Write(request);
        return _rest.SendAsync(
            HttpMethod.Post,
            $"{ModelPath(request.Model, request.Version)}/infer",
            () => new TensorsContent(head, request.Inputs),
            async (response, token) => response.IsSuccessStatusCode
                ? await AnswerReader.ReadAsync(response, request.Outputs, exchange.Options.MaxAnswerBytes, token)
                : throw (await RefusalAsync(response, token)),
            request.Deadline,
            cancellation);
    }

    /// <summary>A request in JSON as it is, and the answer's bytes as they came.</summary>
    public async Task<ReadOnlyMemory<byte>> InferJsonAsync(
        string model, ReadOnlyMemory<byte> request, TimeSpan? deadline, CancellationToken cancellation)
    {
        HttpAnswer answer = await _rest.SendAsync(HttpMethod.Post, $"{ModelPath(model, null)}/infer", () => Json(request), deadline, cancellation);
        return answer.Body;
    }

    private static ReadOnlyMemoryContent Json(ReadOnlyMemory<byte> request)
    {
        var body = new ReadOnlyMemoryContent(request);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return body;
    }

    private static string ModelPath(string model, string? version)
    {
        // "." and ".." would be folded away by the URL's own rules, and lead to another resource.
        if (model is "" or "." or "..")
        {
            throw new ArgumentException($"'{model}' is no model name", nameof(model));
        }

        string path = $"v2/models/{Uri.EscapeDataString(model)}";
        return version is null ? path : $"{path}/versions/{Uri.EscapeDataString(version)}";
    }

    private static ModelStatistics Statistics(StatisticsModelForm form) => new(form.Name, form.Version)
    {
        LastInference = form.LastInference,
        InferenceCount = form.InferenceCount,
        ExecutionCount = form.ExecutionCount,
        Success = Duration(form.InferenceStats.Success),
        Fail = Duration(form.InferenceStats.Fail),
        Queue = Duration(form.InferenceStats.Queue),
        ComputeInput = Duration(form.InferenceStats.ComputeInput),
        ComputeInfer = Duration(form.InferenceStats.ComputeInfer),
        ComputeOutput = Duration(form.InferenceStats.ComputeOutput),
        Batches = [.. (form.BatchStats ?? []).Select(batch => new BatchStatistics(batch.BatchSize, Duration(batch.ComputeInput), Duration(batch.ComputeInfer), Duration(batch.ComputeOutput)))],
    };

    private static StatisticDuration Duration(DurationForm? form) => form is null ? default : new StatisticDuration(form.Count, form.Ns);

    private async Task<EdgeClientException> RefusalAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        HttpAnswer answer = await _rest.ReadAsync(response, cancellation);
        return ErrorBody.Refusal(answer.Status, answer.Body, answer.RetryAfter);
    }

    private async Task<bool> HealthAsync(string path, CancellationToken cancellation)
    {
        HttpAnswer answer = await _rest.ProbeAsync(path, cancellation);
        return answer.Status switch
        {
            HttpStatusCode.OK => true,
            HttpStatusCode.BadRequest or HttpStatusCode.NotFound or HttpStatusCode.ServiceUnavailable => false,
            _ => answer.OrThrow().IsGood,
        };
    }

    private async Task<T> ReadAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation)
        where T : class => JsonAnswer.Read(await _rest.GetAsync(path, cancellation), type);
}
