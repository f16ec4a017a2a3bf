using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using EdgeDaemon.Client.Rest;
using EdgeDaemon.Client.Transport;

namespace EdgeDaemon.Client.Control;

/// <summary>A client of the control surface (by default a socket of mode 0600: the daemon's own user and root). The forms stand in README.md.</summary>
public sealed class ControlClient : IDisposable
{
    private readonly Exchange _exchange;
    private readonly RestExchange _rest;

    /// <param name="socketPath">The control socket, for example <c>/run/edged/control.sock</c>.</param>
    /// <param name="options">Limits; null for the defaults.</param>
    public ControlClient(string socketPath, EdgeClientOptions? options = null)
        : this(EdgeAddress.UnixSocket(socketPath), options)
    {
    }

    /// <param name="address">A listener that exposes control.</param>
    /// <param name="options">Limits; null for the defaults. The wire does not matter: the control surface is REST.</param>
    public ControlClient(EdgeAddress address, EdgeClientOptions? options = null)
    {
        _exchange = new Exchange(address, options ?? new EdgeClientOptions());
        _rest = new RestExchange(_exchange);
    }

    public void Dispose() => _exchange.Dispose();

    public Task<DaemonStatus> StatusAsync(CancellationToken cancellation = default) =>
        ReadAsync("control/status", WireJson.Default.DaemonStatus, cancellation);

    /// <summary>Every bundle the daemon found, served or refused.</summary>
    public Task<ModelStatusList> ModelsAsync(CancellationToken cancellation = default) =>
        ReadAsync("control/models", WireJson.Default.ModelStatusList, cancellation);

    /// <summary>One bundle by the name of its model or of its folder; status 404 when there is none.</summary>
    public Task<ModelStatus> ModelAsync(string folderOrName, CancellationToken cancellation = default)
    {
        if (folderOrName is "" or "." or "..")
        {
            throw new ArgumentException($"'{folderOrName}' is no model name", nameof(folderOrName));
        }

        return ReadAsync($"control/models/{Uri.EscapeDataString(folderOrName)}", WireJson.Default.ModelStatus, cancellation);
    }

    public Task<TenantStatusList> TenantsAsync(CancellationToken cancellation = default) =>
        ReadAsync("control/tenants", WireJson.Default.TenantStatusList, cancellation);

    /// <summary>How the audit log stands, and its newest checkpoint.</summary>
    public Task<AuditStatus> AuditAsync(CancellationToken cancellation = default) =>
        ReadAsync("control/audit", WireJson.Default.AuditStatus, cancellation);

    /// <summary>Callers that are left outside for a while.</summary>
    public Task<PenaltyStatusList> PenaltiesAsync(CancellationToken cancellation = default) =>
        ReadAsync("control/penalties", WireJson.Default.PenaltyStatusList, cancellation);

    /// <summary>Lets a caller in again, and says who is left outside; status 404 when it is not there.</summary>
    public async Task<PenaltyStatusList> LiftPenaltyAsync(string caller, CancellationToken cancellation = default) =>
        JsonAnswer.Read(await _rest.SendAsync(HttpMethod.Delete, $"control/penalties/{Uri.EscapeDataString(caller)}", null, null, cancellation), WireJson.Default.PenaltyStatusList);

    /// <summary>Everything that is counted, in the text format of Prometheus.</summary>
    public async Task<string> MetricsAsync(CancellationToken cancellation = default) =>
        Encoding.UTF8.GetString((await _rest.GetAsync("metrics", cancellation)).Body);

    /// <summary>What a reload would find in the daemon's files.</summary>
    public async Task<ReloadStatus> CheckConfigurationAsync(CancellationToken cancellation = default) =>
        JsonAnswer.Read(await PostAsync("control/config/check", cancellation), WireJson.Default.ReloadStatus);

    /// <summary>Makes the daemon read its files again; not applied, it says why. Returns when models are loaded, too. Status 503 while another reload runs.</summary>
    public async Task<ReloadStatus> ReloadAsync(CancellationToken cancellation = default)
    {
        HttpAnswer answer = await _rest.SendAsync(HttpMethod.Post, "control/reload", null, _rest.ReadAsync, null, cancellation);
        return JsonAnswer.Read(answer.Status == HttpStatusCode.UnprocessableEntity ? answer : answer.OrThrow(), WireJson.Default.ReloadStatus);
    }

    public Task<LogLevelStatus> LogLevelAsync(CancellationToken cancellation = default) =>
        ReadAsync("control/log-level", WireJson.Default.LogLevelStatus, cancellation);

    /// <param name="level">error, warning, info or debug; until the next reload or start.</param>
    public async Task<LogLevelStatus> SetLogLevelAsync(string level, CancellationToken cancellation = default)
    {
        byte[] wanted = JsonSerializer.SerializeToUtf8Bytes(new LogLevelStatus(level), WireJson.Default.LogLevelStatus);
        HttpContent Body() => new ByteArrayContent(wanted) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        return JsonAnswer.Read(await _rest.SendAsync(HttpMethod.Put, "control/log-level", Body, null, cancellation), WireJson.Default.LogLevelStatus);
    }

    /// <summary>No new inference; what runs finishes. The daemon goes on until it is told to stop, or <see cref="UndrainAsync"/>.</summary>
    public async Task<DrainStatus> DrainAsync(CancellationToken cancellation = default) =>
        JsonAnswer.Read(await PostAsync("control/drain", cancellation), WireJson.Default.DrainStatus);

    /// <summary>Inference again.</summary>
    public async Task<DrainStatus> UndrainAsync(CancellationToken cancellation = default) =>
        JsonAnswer.Read(await PostAsync("control/undrain", cancellation), WireJson.Default.DrainStatus);

    /// <summary>The same forms as JSON text, for programs that read this program's output.</summary>
    public static string ToJson(ModelStatusList models) => JsonSerializer.Serialize(models, WireJson.Default.ModelStatusList);

    /// <inheritdoc cref="ToJson(ModelStatusList)"/>
    public static string ToJson(ModelStatus model) => JsonSerializer.Serialize(model, WireJson.Default.ModelStatus);

    /// <inheritdoc cref="ToJson(ModelStatusList)"/>
    public static string ToJson(DaemonStatus status) => JsonSerializer.Serialize(status, WireJson.Default.DaemonStatus);

    /// <inheritdoc cref="ToJson(ModelStatusList)"/>
    public static string ToJson(TenantStatusList tenants) => JsonSerializer.Serialize(tenants, WireJson.Default.TenantStatusList);

    /// <inheritdoc cref="ToJson(ModelStatusList)"/>
    public static string ToJson(PenaltyStatusList penalties) => JsonSerializer.Serialize(penalties, WireJson.Default.PenaltyStatusList);

    /// <inheritdoc cref="ToJson(ModelStatusList)"/>
    public static string ToJson(AuditStatus audit) => JsonSerializer.Serialize(audit, WireJson.Default.AuditStatus);

    /// <inheritdoc cref="ToJson(ModelStatusList)"/>
    public static string ToJson(ReloadStatus reload) => JsonSerializer.Serialize(reload, WireJson.Default.ReloadStatus);

    /// <inheritdoc cref="ToJson(ModelStatusList)"/>
    public static string ToJson(DrainStatus drain) => JsonSerializer.Serialize(drain, WireJson.Default.DrainStatus);

    /// <inheritdoc cref="ToJson(ModelStatusList)"/>
    public static string ToJson(LogLevelStatus level) => JsonSerializer.Serialize(level, WireJson.Default.LogLevelStatus);

    private Task<HttpAnswer> PostAsync(string path, CancellationToken cancellation) => _rest.SendAsync(HttpMethod.Post, path, null, null, cancellation);

    private async Task<T> ReadAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation)
        where T : class => JsonAnswer.Read(await _rest.GetAsync(path, cancellation), type);
}
