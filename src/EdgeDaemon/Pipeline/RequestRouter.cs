using System.Diagnostics;
using System.Runtime.CompilerServices;
using EdgeDaemon.Admission;
using EdgeDaemon.Audit;
using EdgeDaemon.Control;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Protocol.Grpc;
using EdgeDaemon.Identity;
using EdgeDaemon.Listeners;
using EdgeDaemon.Models;

namespace EdgeDaemon.Pipeline;

/// <summary>From a request's target to what answers it; and the one place where a refusal becomes an answer.</summary>
internal sealed class RequestRouter(
    ModelRegistry models, ServerDocuments documents, InferencePipeline pipeline, RestWire rest, GrpcRouter grpc, ControlSurface control, Authorisation authorisation, RequestAdmission admission, Readiness readiness, RefusalRecord refusals)
{
    private static readonly byte[] Server = Document.Of(output =>
        ServerMetadataWriter.Write(output, ServerDocuments.Name, Hosting.Build.Version, ServerDocuments.Extensions));
    private static readonly byte[] Live = Document.Of(output => HealthWriter.WriteServer(output, live: true));

    private static readonly byte[] NotLive = Document.Of(output => HealthWriter.WriteServer(output, live: false));

    public Task RouteAsync(HttpExchange exchange)
    {
        if (refusals.LeavesOutside(exchange))
        {
            refusals.CountLeftOutside(exchange);
            exchange.Abort(); // What came on an open connection after its caller was put outside.
            return Task.CompletedTask;
        }

        bool calls = GrpcRouter.Takes(exchange);
        exchange.Draft.Wire = calls ? RequestWire.Grpc : RequestWire.Rest;
        return calls ? grpc.RouteAsync(exchange) : RouteRestAsync(exchange);
    }

    private async Task RouteRestAsync(HttpExchange exchange)
    {
        try
        {
            await AnswerAsync(exchange);
        }
        catch (RefusedException refused)
        {
            await RefuseAsync(exchange, refused.Refusal, refused.Message, refused, refused.RetryAfter);
        }
        catch (OperationCanceledException) when (exchange.Aborted.IsCancellationRequested)
        {
            refusals.Gone(exchange); // There is nobody to answer.
        }
        catch (Exception failure)
        {
            await RefuseAsync(exchange, Refusal.Internal, $"{failure.GetType().Name}: {failure.Message}", failure);
        }
    }

    private ValueTask AnswerAsync(HttpExchange exchange)
    {
        if (!RestRoute.TryParse(exchange.Target, out RestRoute route))
        {
            if (GrpcMethods.Of(exchange.Target) != GrpcMethod.None)
            {
                throw new RefusedException(Refusal.HeadNotGrpc, $"a gRPC path over {(exchange.IsHttp2 ? "HTTP/2" : "HTTP/1.1")} without gRPC's content type");
            }

            return exchange.Listener.ExposesControl ? control.AnswerAsync(exchange) : throw Unknown(exchange);
        }

        if (!exchange.Listener.ExposesInference)
        {
            throw new RefusedException(Refusal.RouteNotExposed, $"listener '{exchange.Listener.Name}' does not expose inference");
        }

        if (exchange.Method != route.Method && !(exchange.Method == "HEAD" && route.Method == "GET"))
        {
            exchange.SetHeader("Allow", route.Method == "GET" ? "GET, HEAD" : route.Method);
            throw new RefusedException(Refusal.RouteMethodNotAllowed, $"{exchange.Method} {route.Kind}");
        }

        exchange.IsInference = route.Kind == RestRouteKind.ModelInfer;
        Access access = RouteAccess.Of(route.Kind);
        Tenant? tenant = authorisation.Enter(exchange, access);
        return route.Kind switch
        {
            RestRouteKind.ModelInfer => InferAsync(exchange, route),
            RestRouteKind.ServerLive => RespondAsync(exchange, 200, Live),
            RestRouteKind.ServerReady => readiness.IsReady ? RespondAsync(exchange, 200, Live) : RespondAsync(exchange, 503, NotLive),
            _ when access == Access.Describe => DescribeAsync(exchange, route, tenant!),
            _ => throw Unknown(exchange),
        };
    }

    // On its tenant's account like any other request, until its answer has left.
    private async ValueTask DescribeAsync(HttpExchange exchange, RestRoute route, Tenant tenant)
    {
        var entry = new Entry();
        admission.EnterToRead(entry, tenant, exchange.HasBody ? exchange.ContentLength : 0, Stopwatch.GetTimestamp());
        try
        {
            byte[] answer = route.Kind switch
            {
                RestRouteKind.ServerMetadata => Server,
                RestRouteKind.ModelReady => Find(route, tenant).ReadyJson,
                RestRouteKind.ModelMetadata => Find(route, tenant).MetadataJson,
                RestRouteKind.ModelConfig => Find(route, tenant).ConfigJson,
                RestRouteKind.ModelStatistics => Statistics(ServerDocuments.StatisticsOf(Find(route, tenant))),
                RestRouteKind.AllStatistics => Statistics(documents.Statistics(tenant)),
                RestRouteKind.RepositoryIndex => Index(tenant),
                _ => throw Unknown(exchange),
            };
            entry.Owe(answer.Length);
            await RespondAsync(exchange, 200, answer);
        }
        finally
        {
            entry.Close(exchange.BodyClock.Bytes);
        }
    }

    private static async ValueTask RespondAsync(HttpExchange exchange, int status, byte[] json, bool late = false)
    {
        bool cut = !exchange.IsHttp2 && (late || UnreadRest.IsMuch(exchange));
        if (cut)
        {
            exchange.SetHeader("Connection", "close");
        }

        await exchange.RespondJsonAsync(status, json);
        if (cut)
        {
            // The server would read on for five seconds more: a caller that drips would hold its place so much longer, and what comes is on nobody's account.
            await exchange.FlushAsync();
            exchange.CutBehindAnswer();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask InferAsync(HttpExchange exchange, RestRoute route)
    {
        InferenceWork work = exchange.Keep<InferenceWork>();
        try
        {
            work.Name(route.Model, route.Version);
            await pipeline.InferAsync(exchange, rest, work);
            await exchange.FlushAsync();
        }
        finally
        {
            work.End(exchange.BodyClock.Bytes);
        }
    }

    // Apart: in the method above, what the lambda holds would be made for every request.
    private byte[] Index(Tenant tenant) => Document.Of(output => RepositoryIndexWriter.Write(output, documents.Index(tenant)));

    private static byte[] Statistics(params ModelStatistics[] models) => Document.Of(output => StatisticsWriter.Write(output, models));

    private ServedModel Find(RestRoute route, Tenant tenant)
    {
        Authorisation.RequireModel(tenant, route.Model.Span, Access.Describe);
        return models.Find(route.Model.Span, route.Version.Span);
    }

    private async Task RefuseAsync(HttpExchange exchange, Refusal refusal, string detail, Exception cause, TimeSpan? retryAfter = null)
    {
        string id = exchange.Id;
        refusals.Write(exchange, refusal, detail, cause);
        if (exchange.ResponseStarted || exchange.IsCut)
        {
            exchange.Abort(); // Half an answer must not look like a whole one.
            return;
        }

        RefusalMapping.PublicAnswer answer = RefusalMapping.Of(refusal);
        try
        {
            if (refusal is Refusal.BodyAborted)
            {
                exchange.Abort();
                return;
            }

            if (retryAfter is { } wait)
            {
                exchange.SetRetryAfter(wait);
            }

            if (refusal is Refusal.AccessTokenMissing or Refusal.AccessTokenInvalid)
            {
                exchange.SetHeader("WWW-Authenticate", refusal == Refusal.AccessTokenMissing ? "Bearer" : "Bearer error=\"invalid_token\""); // RFC 6750 section 3
            }

            if (RefusalMapping.MayReadOn(refusal))
            {
                await UnreadRest.ReadSmallAsync(exchange);
            }

            await RespondAsync(exchange, answer.Status, Document.Of(output => ErrorWriter.Write(output, $"{answer.Text} (request {id})")), refusal is Refusal.BodyTooSlow);
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException)
        {
            // The caller did not stay for the answer.
        }
    }

    private static RefusedException Unknown(HttpExchange exchange) =>
        new(Refusal.RouteUnknown, $"{exchange.Method} {(exchange.Target.Length > 200 ? exchange.Target[..200] : exchange.Target)}");
}
