using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Client.Models;
using EdgeDaemon.Client.Transport;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Protocol.Grpc;
using ModelDescription = EdgeDaemon.Client.Models.ModelDescription;

namespace EdgeDaemon.Client.Grpc;

/// <summary>The protocol over HTTP/2, in Triton's dialect, and gRPC's health service.</summary>
internal sealed class GrpcWire(Exchange exchange) : IWire
{
    private int Limit => exchange.Options.MaxAnswerBytes;

    public Task<bool> IsLiveAsync(CancellationToken cancellation) => FlagAsync(GrpcMethod.ServerLive, "", cancellation);

    public Task<bool> IsReadyAsync(CancellationToken cancellation) => FlagAsync(GrpcMethod.ServerReady, "", cancellation);

    public async Task<bool> IsModelReadyAsync(string model, CancellationToken cancellation)
    {
        try
        {
            return await FlagAsync(GrpcMethod.ModelReady, model, cancellation);
        }
        catch (EdgeClientException error) when (error.GrpcStatus is GrpcStatus.NotFound or GrpcStatus.InvalidArgument)
        {
            return false;
        }
    }

    public async Task<ServerDescription> DescribeServerAsync(CancellationToken cancellation)
    {
        ServerMetadata server = await AskAsync(GrpcMethod.ServerMetadata, "", bytes => GrpcAnswers.ServerMetadata(bytes), cancellation);
        return new ServerDescription(server.Name, server.Version, server.Extensions);
    }

    public async Task<ModelDescription> DescribeModelAsync(string model, CancellationToken cancellation)
    {
        ModelMetadata metadata = await AskAsync(GrpcMethod.ModelMetadata, model, bytes => GrpcAnswers.ModelMetadata(bytes), cancellation);
        ModelConfig config = await AskAsync(GrpcMethod.ModelConfig, model, bytes => GrpcAnswers.ModelConfig(bytes), cancellation);
        return DescriptionReader.Read(metadata, config);
    }

    public Task<ImmutableArray<ModelStatistics>> StatisticsAsync(string? model, CancellationToken cancellation) =>
        AskAsync(GrpcMethod.ModelStatistics, model ?? "", bytes => StatisticsReader.Read(bytes), cancellation);

    public Task<ImmutableArray<ModelIndexEntry>> ListModelsAsync(CancellationToken cancellation) =>
        AskAsync(GrpcMethod.RepositoryIndex, "", bytes => GrpcAnswers.RepositoryIndex(bytes), cancellation);

    public Task<InferenceAnswer> InferAsync(InferenceRequest request, CancellationToken cancellation) => UnaryAsync(
        GrpcMethod.ModelInfer,
        () => new GrpcContent((stream, token) => RequestMessage.WriteAsync(stream, request, token)),
        (message, token) => InferAnswerReader.ReadAsync(message, 0, request.Outputs, token),
        request.Deadline,
        cancellation);

    public Task<HealthStatus> CheckHealthAsync(string service, CancellationToken cancellation) =>
        AskAsync(GrpcMethod.HealthCheck, service, bytes => GrpcAnswers.Health(bytes), cancellation);

    /// <summary>The states of a service as they change. No deadline of its own, and no second try.</summary>
    public async IAsyncEnumerable<HealthStatus> WatchHealthAsync(string service, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using CallClock clock = exchange.Clock(Timeout.InfiniteTimeSpan, cancellation);
        using HttpRequestMessage request = GrpcRequest.Of(GrpcMethod.HealthWatch, GrpcContent.Of(message => message.Text(1, service)), null);
        using HttpResponseMessage response = await exchange.SendAsync(request, clock);
        GrpcResponse.CheckHead(response);
        using var messages = new MessageReader(await response.Content.ReadAsStreamAsync(clock.Token), Limit);
        while (await exchange.GuardAsync(() => NextAsync(messages, clock.Token), clock, null))
        {
            byte[] state = await exchange.GuardAsync(() => messages.SmallAsync(messages.Left, clock.Token).AsTask(), clock, null);
            yield return Parse(state, bytes => GrpcAnswers.Health(bytes));
        }

        GrpcResponse.End(response);
    }

    /// <summary>Whether another message follows.</summary>
    public async Task<bool> NextAsync(MessageReader messages, CancellationToken cancellation)
    {
        try
        {
            return await messages.NextAsync(cancellation);
        }
        catch (RefusedException refused)
        {
            throw GrpcResponse.Malformed(refused, Limit);
        }
    }

    private Task<bool> FlagAsync(GrpcMethod method, string name, CancellationToken cancellation) =>
        AskAsync(method, name, bytes => GrpcAnswers.Flag(bytes), cancellation);

    // Every small request has its name, if any, in field 1.
    private Task<T> AskAsync<T>(GrpcMethod method, string name, MessageParser<T> parse, CancellationToken cancellation) => UnaryAsync(
        method,
        () => GrpcContent.Of(message => message.Text(1, name)),
        async (message, token) => Parse(await message.SmallAsync(message.Left, token), parse),
        null,
        cancellation);

    private Task<T> UnaryAsync<T>(
        GrpcMethod method, Func<HttpContent> content, Func<MessageReader, CancellationToken, Task<T>> read, TimeSpan? deadline, CancellationToken cancellation) =>
        exchange.CallAsync(left => GrpcRequest.Of(method, content(), left), (response, token) => ReadAsync(response, read, token), deadline, cancellation);

    private async Task<T> ReadAsync<T>(HttpResponseMessage response, Func<MessageReader, CancellationToken, Task<T>> read, CancellationToken cancellation)
    {
        GrpcResponse.CheckHead(response);
        try
        {
            using var messages = new MessageReader(await response.Content.ReadAsStreamAsync(cancellation), Limit);
            if (!await messages.NextAsync(cancellation))
            {
                GrpcResponse.End(response);
                throw OutputPlaces.Invalid("it has no message");
            }

            T answer = await read(messages, cancellation);
            if (await messages.NextAsync(cancellation))
            {
                throw OutputPlaces.Invalid("it has a second message");
            }

            GrpcResponse.End(response);
            return answer;
        }
        catch (RefusedException refused)
        {
            throw GrpcResponse.Malformed(refused, Limit);
        }
    }

    private T Parse<T>(byte[] message, MessageParser<T> parse)
    {
        try
        {
            return parse(message);
        }
        catch (RefusedException refused)
        {
            throw GrpcResponse.Malformed(refused, Limit);
        }
    }

    private delegate T MessageParser<T>(ReadOnlySpan<byte> message);
}
