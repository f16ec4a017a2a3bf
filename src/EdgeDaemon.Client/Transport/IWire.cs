using System.Collections.Immutable;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Client.Models;
using EdgeDaemon.Core.Protocol;
using ModelDescription = EdgeDaemon.Client.Models.ModelDescription;

namespace EdgeDaemon.Client.Transport;

/// <summary>What both wires have.</summary>
internal interface IWire
{
    Task<bool> IsLiveAsync(CancellationToken cancellation);

    Task<bool> IsReadyAsync(CancellationToken cancellation);

    Task<bool> IsModelReadyAsync(string model, CancellationToken cancellation);

    Task<ServerDescription> DescribeServerAsync(CancellationToken cancellation);

    Task<ModelDescription> DescribeModelAsync(string model, CancellationToken cancellation);

    Task<ImmutableArray<ModelStatistics>> StatisticsAsync(string? model, CancellationToken cancellation);

    Task<ImmutableArray<ModelIndexEntry>> ListModelsAsync(CancellationToken cancellation);

    Task<InferenceAnswer> InferAsync(InferenceRequest request, CancellationToken cancellation);
}
