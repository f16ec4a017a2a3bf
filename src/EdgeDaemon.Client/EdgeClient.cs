using System.Collections.Immutable;
using EdgeDaemon.Client.Grpc;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Client.Models;
using EdgeDaemon.Client.Rest;
using EdgeDaemon.Client.Transport;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Protocol.Grpc;
using ModelDescription = EdgeDaemon.Client.Models.ModelDescription;

namespace EdgeDaemon.Client;

/// <summary>
/// A client of one daemon (Open Inference Protocol v2) over its Unix socket or TLS, in REST or gRPC as
/// <see cref="EdgeClientOptions.Wire"/> says. Safe for concurrent use; connections are kept and reused. Every call throws
/// <see cref="EdgeClientException"/> when it gives no answer, and <see cref="OperationCanceledException"/> when its token is cancelled (the
/// daemon sees the connection close, or the stream reset). Calls are tried again as <see cref="EdgeClientOptions.Retry"/> says: none of them
/// changes anything at the daemon, and inference least of all.
/// </summary>
public sealed class EdgeClient : IDisposable
{
    private readonly Exchange _exchange;
    private readonly RestWire _rest;
    private readonly GrpcWire _grpc;
    private readonly IWire _wire;

    /// <param name="socketPath">The daemon's inference socket, for example <c>/run/edged/edged.sock</c>.</param>
    /// <param name="options">Limits; null for the defaults.</param>
    public EdgeClient(string socketPath, EdgeClientOptions? options = null)
        : this(EdgeAddress.UnixSocket(socketPath), options)
    {
    }

    /// <param name="address">Where the daemon is.</param>
    /// <param name="options">Limits; null for the defaults.</param>
    public EdgeClient(EdgeAddress address, EdgeClientOptions? options = null)
    {
        _exchange = new Exchange(address, options ?? new EdgeClientOptions());
        _rest = new RestWire(_exchange);
        _grpc = new GrpcWire(_exchange);
        _wire = _exchange.Options.Wire == EdgeWire.Grpc ? _grpc : _rest;
    }

    public void Dispose() => _exchange.Dispose();

    public Task<bool> IsLiveAsync(CancellationToken cancellation = default) => _wire.IsLiveAsync(cancellation);

    public Task<bool> IsReadyAsync(CancellationToken cancellation = default) => _wire.IsReadyAsync(cancellation);

    /// <summary>False for a model that is not ready and for one that the daemon does not have.</summary>
    public Task<bool> IsModelReadyAsync(string model, CancellationToken cancellation = default) => _wire.IsModelReadyAsync(model, cancellation);

    public Task<ServerDescription> DescribeServerAsync(CancellationToken cancellation = default) => _wire.DescribeServerAsync(cancellation);

    /// <summary>Inputs, outputs, labels and image layouts of a served model (two calls: metadata and config).</summary>
    public Task<ModelDescription> DescribeModelAsync(string model, CancellationToken cancellation = default) =>
        _wire.DescribeModelAsync(model, cancellation);

    /// <summary>What a model has done since it was loaded; null for all models.</summary>
    public Task<ImmutableArray<ModelStatistics>> StatisticsAsync(string? model = null, CancellationToken cancellation = default) =>
        _wire.StatisticsAsync(model, cancellation);

    /// <summary>The models that the daemon serves (the repository index).</summary>
    public Task<ImmutableArray<ModelIndexEntry>> ListModelsAsync(CancellationToken cancellation = default) => _wire.ListModelsAsync(cancellation);

    /// <summary>
    /// One inference, tensors as raw bytes both ways: inputs are sent from the caller's memory, outputs received where
    /// <see cref="InferenceRequest.Outputs"/> says. Neither may be used otherwise until the call has ended.
    /// </summary>
    public Task<InferenceAnswer> InferAsync(InferenceRequest request, CancellationToken cancellation = default) =>
        _wire.InferAsync(request, cancellation);

    /// <summary>Sends a JSON request of the protocol as it is (REST) and gives the answer's bytes as they came.</summary>
    public Task<ReadOnlyMemory<byte>> InferJsonAsync(
        string model, ReadOnlyMemory<byte> request, TimeSpan? deadline = null, CancellationToken cancellation = default) =>
        _rest.InferJsonAsync(model, request, deadline, cancellation);

    /// <summary>Opens a stream of inferences (gRPC).</summary>
    /// <param name="deadline">For the whole stream; null for none.</param>
    /// <param name="cancellation">Ends the stream, by resetting it.</param>
    public EdgeInferenceStream OpenStream(TimeSpan? deadline = null, CancellationToken cancellation = default) =>
        new(_exchange, _grpc, deadline ?? Timeout.InfiniteTimeSpan, cancellation);

    /// <summary>The health of a service (gRPC): <c>""</c> for the daemon, or <see cref="GrpcMethods.InferenceService"/>.</summary>
    public Task<HealthStatus> CheckHealthAsync(string service = "", CancellationToken cancellation = default) =>
        _grpc.CheckHealthAsync(service, cancellation);

    /// <summary>The health of a service, now and whenever it changes (gRPC). Ends with status 503 when the daemon drains.</summary>
    public IAsyncEnumerable<HealthStatus> WatchHealthAsync(string service = "", CancellationToken cancellation = default) =>
        _grpc.WatchHealthAsync(service, cancellation);
}
