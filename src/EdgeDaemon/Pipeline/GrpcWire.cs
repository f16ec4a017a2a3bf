using System.Runtime.CompilerServices;
using System.Text;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Protocol.Grpc;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Engine;
using EdgeDaemon.Listeners;
using EdgeDaemon.Models;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Validation;

namespace EdgeDaemon.Pipeline;

/// <summary>gRPC: one protobuf message, whose tensor data go straight to tensor memory as they arrive, whatever the order of its fields.</summary>
/// <param name="limits">Bounds on messages and answers.</param>
/// <param name="pool">Where tensors live.</param>
/// <param name="stream">Whether the message is one of many, and its answer wrapped.</param>
internal sealed class GrpcWire(LimitSettings limits, TensorBlockPool pool, bool stream) : IInferenceWire
{
    private readonly ProtocolLimits _protocol = new() { MaxHeadBytes = limits.MaxHeadBytes, MaxTensors = limits.MaxTensors };

    public long? BodyBytes(HttpExchange exchange) => null;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask NameModelAsync(HttpExchange exchange, InferenceWork work)
    {
        GrpcWork call = work.Grpc ??= new GrpcWork();
        call.Open(pool, limits.MaxBodyBytes, work.Entry.Account);
        var body = new RequestBody(exchange.Body, contentLength: null, limits, exchange.BodyClock);
        try
        {
            int length = await body.ReadGrpcPrefixAsync();
            exchange.MessageArrived(length);
            call.Message.Begin(work.Request, _protocol, length);
            await FeedAsync(body, call.Message, work);
            call.Message.End();
            if (!stream)
            {
                await body.ExpectEndAsync();
            }
        }
        finally
        {
            exchange.BodyClock.Stop(); // Each message of a stream has a time of its own, and none runs in between.
        }

        Name(work);
    }

    public ValueTask ReadHeadAsync(HttpExchange exchange, InferenceWork work) => ValueTask.CompletedTask; // It came with the name.

    public void Plan(HttpExchange exchange, InferenceWork work, ModelContract contract) => InputValidation.Plan(work.Request, default, contract, work.Plan);

    public ValueTask ReadTensorsAsync(HttpExchange exchange, InferenceWork work, ModelContract contract)
    {
        for (int i = 0; i < work.Plan.Count; i++)
        {
            // What came waits where it will be used: nothing is copied again.
            var data = (BlockWriter?)work.Grpc!.Message.DataOf(work.Plan[i].RequestIndex);
            ArrivedTensor.Accept(work, i, contract.Inputs[i], data?.Block ?? work.Grant.Rent(0));
        }

        return ValueTask.CompletedTask;
    }

    public void Encode(HttpExchange exchange, InferenceWork work, ServedModel model, RunAnswer answer)
    {
        ProtobufWriter head = work.Grpc!.Head;
        head.Reset();
        ModelInferResponse.Begin(head, model.Contract.Head, work.Request.Id);
        ModelInferResponse.Parameters(head, work.Told);
        int outputs = AskedOutput.Count(work.Request, model);
        long length = 0;
        for (int i = 0; i < outputs; i++)
        {
            int index = AskedOutput.Index(work.Request, model, i);
            ContractOutput output = model.Contract.Outputs[index];
            TensorShape shape = answer.OutputShape(index);
            AskedOutput.Check(output.Contract, answer.OutputType(index), shape);
            ModelInferResponse.Output(head, output.Head, shape);
            length += ModelInferResponse.RawSize(answer.OutputData(index).Length);
        }

        Start(exchange, work, length + head.Written.Length);
        exchange.Send(head.Written);
        ProtobufWriter prefix = work.Grpc.Prefix;
        for (int i = 0; i < outputs; i++)
        {
            ReadOnlySpan<byte> data = answer.OutputData(AskedOutput.Index(work.Request, model, i));
            prefix.Reset();
            ModelInferResponse.RawPrefix(prefix, data.Length);
            exchange.Send(prefix.Written);
            exchange.Send(data);
        }
    }

    public void EncodeReport(HttpExchange exchange, InferenceWork work, ServedModel model, ReadOnlySpan<ResponseParameter> parameters)
    {
        ProtobufWriter head = work.Grpc!.Head;
        head.Reset();
        ModelInferResponse.Begin(head, model.Contract.Head, work.Request.Id);
        ModelInferResponse.Parameters(head, parameters);
        Start(exchange, work, head.Written.Length);
        exchange.Send(head.Written);
    }

    private void Start(HttpExchange exchange, InferenceWork work, long length)
    {
        long message = stream ? length + ModelInferResponse.StreamPrefixSize(length) : length;
        if (message > limits.MaxResponseBytes)
        {
            throw new RefusedException(Refusal.OutputTooLarge, $"an answer of {message} bytes is over max_response_bytes {limits.MaxResponseBytes}");
        }

        work.Entry.Owe(message);
        GrpcAnswer.Begin(exchange, (int)message);
        if (stream)
        {
            ProtobufWriter prefix = work.Grpc!.Prefix;
            prefix.Reset();
            ModelInferResponse.StreamPrefix(prefix, length);
            exchange.Send(prefix.Written);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FeedAsync(RequestBody body, ModelInferRequestReader message, InferenceWork work)
    {
        try
        {
            await body.FeedAsync(message);
            work.MessageRead = true;
        }
        catch (RefusedException refused) when (stream && !EndsCall(refused.Refusal))
        {
            // The stream's next message lies behind the rest of this one.
            message.Abandon();
            await body.FeedAsync(message);
            work.MessageRead = true;
            throw;
        }
    }

    private static bool EndsCall(Refusal refusal) =>
        refusal is Refusal.BodyAborted or Refusal.BodyTruncated or Refusal.BodyTooSlow or Refusal.AdmissionDeadline or Refusal.HeadMalformedProtobuf;

    // Only what can be a name goes on, and so into logs: bytes of the caller's choice do not.
    private static void Name(InferenceWork work)
    {
        ReadOnlySpan<byte> name = work.Request.ModelName;
        ReadOnlySpan<byte> version = work.Request.ModelVersion;
        Memory<char> text = work.Grpc!.NameText;
        int length = Encoding.Latin1.GetChars(name, text.Span);
        int versionLength = Encoding.Latin1.GetChars(version, text.Span[length..]);
        work.Name(text[..length], text.Slice(length, versionLength));
        GrpcNames.Check(work.Model.Span, work.Version.Span);
    }
}
