using EdgeDaemon.Admission;
using EdgeDaemon.Audit;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Protocol.Grpc;
using EdgeDaemon.Listeners;

namespace EdgeDaemon.Pipeline;

/// <summary>ModelStreamInfer: request after request down the line, one at a time, an answer for each, in their order.</summary>
internal sealed class GrpcStream(InferencePipeline pipeline, GrpcWire wire, RequestAdmission admission, LimitSettings limits, RefusalRecord refusals)
{
    public async ValueTask RunAsync(HttpExchange exchange)
    {
        exchange.Draft.Wire = RequestWire.GrpcStream;
        bool errorsEnd = exchange.Header("triton_grpc_error").Equals("true", StringComparison.OrdinalIgnoreCase);
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(exchange.GivenUp, admission.DrainBegins, exchange.PutOutside);
        while (true)
        {
            // What ends the stream while it waits is no request's outcome.
            exchange.IsInference = false;
            exchange.ModelPlace = 0;
            exchange.Draft.Begin();
            if (!await NextAsync(exchange, waiting.Token))
            {
                return;
            }

            if (exchange.PutOutside.IsCancellationRequested || refusals.LeavesOutside(exchange))
            {
                exchange.Abort(); // As a call that comes on an open connection after its caller was put outside.
                return;
            }

            exchange.IsInference = true;
            InferenceWork work = exchange.Keep<InferenceWork>(); // Not always the last message's: a run that was given up keeps it.
            try
            {
                await pipeline.InferAsync(exchange, wire, work);
                await exchange.FlushAsync();
            }
            catch (RefusedException refused) when (!errorsEnd && work.MessageRead && !EndsStream(refused.Refusal) && exchange.BodyClock.CallTimeLeft is null or { Ticks: > 0 })
            {
                await RefuseAsync(exchange, work, refused);
            }
            finally
            {
                work.End(exchange.BodyClock.Bytes);
            }
        }
    }

    private async ValueTask<bool> NextAsync(HttpExchange exchange, CancellationToken cancel)
    {
        try
        {
            return await new RequestBody(exchange.Body, contentLength: null, limits, exchange.BodyClock).WaitForMoreAsync(cancel);
        }
        catch (OperationCanceledException) when (exchange.PutOutside.IsCancellationRequested)
        {
            return true; // Not for a message that may never come: whoever is outside holds no call open.
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested && !exchange.GivenUp.IsCancellationRequested)
        {
            throw new RefusedException(Refusal.Draining, "the daemon is stopping");
        }
    }

    // Nobody waits any more, or the daemon is at fault for good: a message would say less than the status.
    private static bool EndsStream(Refusal refusal) => refusal is Refusal.AccessExpired or Refusal.AccessUnknownCaller or Refusal.AccessRoleMissing or Refusal.AccessTokenMissing or Refusal.AccessTokenInvalid or Refusal.EngineCancelled or Refusal.AuditUnavailable or Refusal.Draining or Refusal.HeadMalformedProtobuf;

    private async ValueTask RefuseAsync(HttpExchange exchange, InferenceWork work, RefusedException refused)
    {
        string id = exchange.Id;
        refusals.Write(exchange, refused.Refusal, refused.Message, refused);
        ProtobufWriter answer = work.Grpc!.Head;
        answer.Reset();
        ModelInferResponse.StreamError(answer, $"{RefusalMapping.Of(refused.Refusal).Text} (request {id})", work.Request.Id);
        await GrpcAnswer.SendAsync(exchange, answer);
    }
}
