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

    /// <summary>The same forms as JSON text, for programs that read this program's output.</summary>
    public static string ToJson(ModelStatusList models) => JsonSerializer.Serialize(models, WireJson.Default.ModelStatusList);

    /// <inheritdoc cref="ToJson(ModelStatusList)"/>
    public static string ToJson(ModelStatus model) => JsonSerializer.Serialize(model, WireJson.Default.ModelStatus);

    /// <inheritdoc cref="ToJson(ModelStatusList)"/>
    public static string ToJson(DaemonStatus status) => JsonSerializer.Serialize(status, WireJson.Default.DaemonStatus);

    private async Task<T> ReadAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation)
        where T : class => JsonAnswer.Read(await _rest.GetAsync(path, cancellation), type);
}
