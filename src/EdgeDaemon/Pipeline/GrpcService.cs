using System.Diagnostics;
using System.Runtime.CompilerServices;
using EdgeDaemon.Admission;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Protocol.Grpc;
using EdgeDaemon.Identity;
using EdgeDaemon.Listeners;
using EdgeDaemon.Models;

namespace EdgeDaemon.Pipeline;

/// <summary>The calls themselves: inference goes down the line, the rest is answered here.</summary>
internal sealed class GrpcService(
    InferencePipeline pipeline, GrpcWire unary, GrpcStream stream, ServerDocuments documents, ModelRegistry models, RequestAdmission admission, Readiness readiness, LimitSettings limits)
{
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask InferAsync(HttpExchange exchange)
    {
        InferenceWork work = exchange.Keep<InferenceWork>();
        try
        {
            await pipeline.InferAsync(exchange, unary, work);
            if (work.Entry.OwesAnswer)
            {
                // The server ends a call without waiting for its caller: what is large stays in flight, and on its tenant's account, until it has left.
                await exchange.FlushAsync();
            }

            // A small one is not flushed: headers, message and trailers leave in one write when the call ends.
        }
        finally
        {
            work.End(exchange.BodyClock.Bytes);
        }
    }

    public ValueTask StreamInferAsync(HttpExchange exchange) => stream.RunAsync(exchange);

    /// <summary>What is read of models and of the server: a request like any other on its tenant's account, until its answer has left.</summary>
    public async ValueTask DescribeAsync(HttpExchange exchange, GrpcMethod method)
    {
        var entry = new Entry();
        admission.EnterToRead(entry, exchange.Tenant!, bodyBytes: null, Stopwatch.GetTimestamp());
        try
        {
            await AnswerAsync(exchange, method, entry);
        }
        finally
        {
            entry.Close(exchange.BodyClock.Bytes);
        }
    }

    /// <summary>Every call whose request is a few bytes and whose answer is known.</summary>
    /// <param name="exchange">The call.</param>
    /// <param name="method">What it asks.</param>
    /// <param name="entry">Null for what anybody may ask, which is a few bytes.</param>
    public async ValueTask AnswerAsync(HttpExchange exchange, GrpcMethod method, Entry? entry)
    {
        SmallRequest request = await ReadAsync(exchange);
        var answer = new ProtobufWriter();
        switch (method)
        {
            case GrpcMethod.ServerLive:
                GrpcMessages.Flag(answer, true);
                break;
            case GrpcMethod.ServerReady:
                GrpcMessages.Flag(answer, readiness.IsReady);
                break;
            case GrpcMethod.ServerMetadata:
                GrpcMessages.ServerMetadata(answer, ServerDocuments.Name, Hosting.Build.Version, ServerDocuments.Extensions);
                break;
            case GrpcMethod.ModelReady:
                Find(request, exchange.Tenant!);
                GrpcMessages.Flag(answer, true);
                break;
            case GrpcMethod.ModelMetadata:
                GrpcMessages.ModelMetadata(answer, Find(request, exchange.Tenant!).Description);
                break;
            case GrpcMethod.ModelConfig:
                GrpcMessages.ModelConfig(answer, Find(request, exchange.Tenant!).Description);
                break;
            case GrpcMethod.ModelStatistics:
                GrpcMessages.ModelStatistics(answer, request.Name.Length == 0 ? documents.Statistics(exchange.Tenant!) : [ServerDocuments.StatisticsOf(Find(request, exchange.Tenant!))]);
                break;
            case GrpcMethod.RepositoryIndex:
                GrpcMessages.RepositoryIndex(answer, documents.Index(exchange.Tenant!));
                break;
            default:
                GrpcMessages.Health(answer, HealthOf(request.Name) ?? throw new RefusedException(Refusal.RouteServiceUnknown, "health of an unknown service"));
                break;
        }

        entry?.Owe(answer.Written.Length);
        await GrpcAnswer.SendAsync(exchange, answer);
    }

    /// <summary>Says how things are, and again whenever that changes: the audit log closes, or opens, or the daemon drains, which ends it.</summary>
    public async ValueTask WatchAsync(HttpExchange exchange)
    {
        SmallRequest request = await ReadAsync(exchange);
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(exchange.GivenUp, admission.DrainBegins, exchange.PutOutside);
        HealthStatus? said = null;
        while (true)
        {
            Task turned = readiness.Turned;
            HealthStatus now = HealthOf(request.Name) ?? HealthStatus.ServiceUnknown;
            if (now != said)
            {
                await SayAsync(exchange, now);
                said = now;
            }

            if (waiting.IsCancellationRequested)
            {
                break;
            }

            await turned.WaitAsync(waiting.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        exchange.GivenUp.ThrowIfCancellationRequested();
        if (exchange.PutOutside.IsCancellationRequested)
        {
            exchange.Abort();
            return;
        }

        throw new RefusedException(Refusal.Draining, "the daemon is stopping");
    }

    private static ValueTask SayAsync(HttpExchange exchange, HealthStatus status)
    {
        var answer = new ProtobufWriter();
        GrpcMessages.Health(answer, status);
        return GrpcAnswer.SendAsync(exchange, answer);
    }

    private HealthStatus? HealthOf(string service) => service is not ("" or GrpcMethods.InferenceService)
        ? null
        : readiness.IsReady ? HealthStatus.Serving : HealthStatus.NotServing;

    private ServedModel Find(SmallRequest request, Tenant tenant)
    {
        GrpcNames.Check(request.Name, request.Version);
        Authorisation.RequireModel(tenant, request.Name, Access.Describe);
        return models.Find(request.Name, request.Version);
    }

    private async ValueTask<SmallRequest> ReadAsync(HttpExchange exchange)
    {
        var body = new RequestBody(exchange.Body, contentLength: null, limits, exchange.BodyClock);
        int length = await body.ReadGrpcPrefixAsync();
        if (length > SmallRequest.MostBytes)
        {
            throw new RefusedException(Refusal.HeadTooLarge, $"a message of {length} bytes where a name and a version belong");
        }

        byte[] message = new byte[length];
        await body.ReadExactlyAsync(message);
        await body.ExpectEndAsync();
        return SmallRequest.Read(message);
    }
}
