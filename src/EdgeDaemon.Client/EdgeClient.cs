using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Serialization.Metadata;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Client.Models;
using EdgeDaemon.Client.Transport;

namespace EdgeDaemon.Client;

/// <summary>
/// A client of one daemon over its Unix socket (Open Inference Protocol v2, REST with binary tensors). Safe for concurrent
/// use; connections are kept and reused. Every call throws <see cref="EdgeClientException"/> when it gives no answer, and
/// <see cref="OperationCanceledException"/> when its token is cancelled (the connection is then closed, which the daemon
/// sees).
/// </summary>
public sealed class EdgeClient : IDisposable
{
    private readonly HttpExchange _exchange;

    /// <param name="socketPath">The daemon's inference socket, for example <c>/run/edged/edged.sock</c>.</param>
    /// <param name="options">Limits; null for the defaults.</param>
    public EdgeClient(string socketPath, EdgeClientOptions? options = null) =>
        _exchange = new HttpExchange(socketPath, options ?? new EdgeClientOptions());

    public void Dispose() => _exchange.Dispose();

    public Task<bool> IsLiveAsync(CancellationToken cancellation = default) => HealthAsync("v2/health/live", cancellation);

    public Task<bool> IsReadyAsync(CancellationToken cancellation = default) => HealthAsync("v2/health/ready", cancellation);

    /// <summary>False for a model that is not ready and for one that the daemon does not have.</summary>
    public Task<bool> IsModelReadyAsync(string model, CancellationToken cancellation = default) =>
        HealthAsync($"{ModelPath(model, null)}/ready", cancellation);

    public async Task<ServerDescription> DescribeServerAsync(CancellationToken cancellation = default)
    {
        ServerForm form = await ReadAsync("v2", WireJson.Default.ServerForm, cancellation);
        return new ServerDescription(form.Name, form.Version, [.. form.Extensions]);
    }

    /// <summary>Inputs, outputs, labels and image layouts of a served model (two calls: metadata and config).</summary>
    public async Task<ModelDescription> DescribeModelAsync(string model, CancellationToken cancellation = default)
    {
        string path = ModelPath(model, null);
        ModelForm metadata = await ReadAsync(path, WireJson.Default.ModelForm, cancellation);
        ConfigForm config = await ReadAsync($"{path}/config", WireJson.Default.ConfigForm, cancellation);
        return DescriptionReader.Read(metadata, config);
    }

    /// <summary>One inference, tensors as raw bytes both ways.</summary>
    public async Task<InferenceAnswer> InferAsync(InferenceRequest request, CancellationToken cancellation = default)
    {
        var tensors = new ReadOnlyMemory<byte>[request.Inputs.Count];
        for (int i = 0; i < tensors.Length; i++)
        {
            tensors[i] = request.Inputs[i].Bytes;
        }

        using var body = new TensorsContent(RequestHead.Write(request), tensors);
        HttpAnswer answer = await _exchange.SendAsync(
            HttpMethod.Post, $"{ModelPath(request.Model, request.Version)}/infer", body, request.Deadline, cancellation);
        return AnswerReader.Read(answer.OrThrow());
    }

    /// <summary>Sends a JSON request of the protocol as it is and gives the answer's bytes as they came.</summary>
    public async Task<ReadOnlyMemory<byte>> InferJsonAsync(
        string model, ReadOnlyMemory<byte> request, TimeSpan? deadline = null, CancellationToken cancellation = default)
    {
        using var body = new ReadOnlyMemoryContent(request);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        HttpAnswer answer =
            await _exchange.SendAsync(HttpMethod.Post, $"{ModelPath(model, null)}/infer", body, deadline, cancellation);
        return answer.OrThrow().Body;
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

    private async Task<bool> HealthAsync(string path, CancellationToken cancellation)
    {
        HttpAnswer answer = await _exchange.GetAsync(path, cancellation);
        return answer.Status switch
        {
            HttpStatusCode.OK => true,
            HttpStatusCode.BadRequest or HttpStatusCode.NotFound or HttpStatusCode.ServiceUnavailable => false,
            _ => answer.OrThrow().IsGood,
        };
    }

    private async Task<T> ReadAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation)
        where T : class => JsonAnswer.Read((await _exchange.GetAsync(path, cancellation)).OrThrow(), type);
}
