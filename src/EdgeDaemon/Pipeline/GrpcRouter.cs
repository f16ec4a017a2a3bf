using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Protocol.Grpc;
using EdgeDaemon.Identity;
using EdgeDaemon.Listeners;

namespace EdgeDaemon.Pipeline;

/// <summary>From a gRPC call to what answers it; and where a refusal becomes a status.</summary>
internal sealed class GrpcRouter(GrpcService service, Authorisation authorisation, RefusalRecord refusals)
{
    /// <summary>Whether the exchange is gRPC's, whatever it asks for.</summary>
    public static bool Takes(HttpExchange exchange) => exchange.IsHttp2 && GrpcAnswer.IsGrpc(exchange.ContentType);

    public async Task RouteAsync(HttpExchange exchange)
    {
        try
        {
            await AnswerAsync(exchange);
            if (!exchange.IsCut)
            {
                GrpcAnswer.End(exchange);
            }
        }
        catch (RefusedException refused)
        {
            // Whoever waited was woken by the deadline or by the caller's leaving; which of the two it was, the clock knows.
            bool late = refused.Refusal == Refusal.EngineCancelled && exchange.BodyClock.DeadlinePassed;
            if (!exchange.IsCut && RefusalMapping.MayReadOn(refused.Refusal))
            {
                await UnreadRest.ReadSmallAsync(exchange);
            }

            Refuse(exchange, late ? Refusal.AdmissionDeadline : refused.Refusal, refused.Message, refused, refused.RetryAfter);
        }
        catch (OperationCanceledException) when (exchange.GivenUp.IsCancellationRequested)
        {
            if (!exchange.Aborted.IsCancellationRequested)
            {
                Refuse(exchange, Refusal.AdmissionDeadline, "the caller's deadline passed", null);
            }
            else
            {
                refusals.Gone(exchange);
            }
        }
        catch (Exception gone) when (gone is IOException && exchange.Aborted.IsCancellationRequested)
        {
            refusals.Gone(exchange); // There is nobody to answer.
        }
        catch (Exception failure)
        {
            Refuse(exchange, Refusal.Internal, $"{failure.GetType().Name}: {failure.Message}", failure);
        }
    }

    private ValueTask AnswerAsync(HttpExchange exchange)
    {
        GrpcMethod method = GrpcMethods.Of(exchange.Target);
        if (method == GrpcMethod.None || exchange.Method != "POST")
        {
            throw new RefusedException(Refusal.RouteUnknown, $"{exchange.Method} {(exchange.Target.Length > 200 ? exchange.Target[..200] : exchange.Target)}");
        }

        if (!exchange.Listener.ExposesInference)
        {
            throw new RefusedException(Refusal.RouteNotExposed, $"listener '{exchange.Listener.Name}' does not expose inference");
        }

        exchange.IsInference = method is GrpcMethod.ModelInfer or GrpcMethod.ModelStreamInfer;
        Access access = RouteAccess.Of(method);
        authorisation.Enter(exchange, access);
        CheckHeaders(exchange);
        exchange.ExpectMessages(endless: method is GrpcMethod.ModelStreamInfer);
        return method switch
        {
            GrpcMethod.ModelInfer => service.InferAsync(exchange),
            GrpcMethod.ModelStreamInfer => service.StreamInferAsync(exchange),
            GrpcMethod.HealthWatch => service.WatchAsync(exchange),
            _ when access == Access.Describe => service.DescribeAsync(exchange, method),
            _ => service.AnswerAsync(exchange, method, entry: null),
        };
    }

    private static void CheckHeaders(HttpExchange exchange)
    {
        if (exchange.Header("te") != "trailers")
        {
            // Something in between that drops trailers would turn a refusal into half an answer.
            throw new RefusedException(Refusal.HeadTrailersRefused, "te: trailers is missing");
        }

        if (exchange.Header("grpc-encoding") is { Length: > 0 } encoding && encoding != "identity")
        {
            throw new RefusedException(Refusal.HeadEncodingUnsupported, $"grpc-encoding '{(encoding.Length > 64 ? encoding[..64] : encoding)}'");
        }

        if (exchange.Header(GrpcTimeout.HeaderName) is { Length: > 0 } text)
        {
            if (!GrpcTimeout.TryParse(text, out TimeSpan timeout))
            {
                throw new RefusedException(Refusal.HeadTimeoutInvalid, "grpc-timeout is none");
            }

            exchange.SetDeadline(timeout);
        }
    }

    private void Refuse(HttpExchange exchange, Refusal refusal, string detail, Exception? cause, TimeSpan? retryAfter = null)
    {
        string id = exchange.Id;
        refusals.Write(exchange, refusal, detail, cause);
        if (exchange.IsCut)
        {
            return;
        }

        RefusalMapping.PublicAnswer answer = RefusalMapping.Of(refusal);
        GrpcAnswer.Refuse(exchange, answer.Grpc, $"{answer.Text} (request {id})", retryAfter);
    }
}
