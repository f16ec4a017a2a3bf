using System.Buffers;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Engine;
using EdgeDaemon.Listeners;
using EdgeDaemon.Models;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Pipeline;

/// <summary>The run's answer to bytes: the JSON head, then binary outputs straight from the engine's memory.</summary>
internal sealed class ResponseEncoder(LimitSettings limits, TensorBlockPool pool)
{
    public void Encode(HttpExchange exchange, InferenceWork work, ServedModel model, RunAnswer answer)
    {
        BlockWriter head = Head(work);
        try
        {
            Encode(exchange, work, model, answer, head);
        }
        finally
        {
            head.Dispose();
        }
    }

    /// <summary>The head alone, without outputs.</summary>
    public void EncodeReport(HttpExchange exchange, InferenceWork work, ServedModel model, ReadOnlySpan<ResponseParameter> parameters)
    {
        BlockWriter head = Head(work);
        try
        {
            InferResponseWriter writer = work.Response;
            writer.Begin(head, model.Contract.Head, work.Request.Id, work.Request.HasId, parameters);
            writer.End();
            Start(exchange, work, model, head.WrittenCount, -1);
            exchange.Send(head.Written);
        }
        finally
        {
            head.Dispose();
        }
    }

    // Kept with its connection, as all that a request needs: what it wrote into goes back when it is disposed of.
    private BlockWriter Head(InferenceWork work)
    {
        BlockWriter head = work.AnswerHead ??= new BlockWriter(pool, limits.MaxResponseBytes, Refusal.OutputTooLarge);
        head.Account = work.Entry.Account;
        return head;
    }

    private void Start(HttpExchange exchange, InferenceWork work, ServedModel model, long length, long headLength)
    {
        if (length > limits.MaxResponseBytes)
        {
            throw new RefusedException(Refusal.OutputTooLarge, $"an answer of {length} bytes is over max_response_bytes {limits.MaxResponseBytes}");
        }

        work.Entry.Owe(length);
        if (exchange.Listener.ExposesControl)
        {
            // Which release answered is for those who may ask the control surface anyway.
            exchange.SetHeader("edged-release", model.ReleaseDigest);
        }

        exchange.StartResponse(200, length, headLength);
    }

    private void Encode(HttpExchange exchange, InferenceWork work, ServedModel model, RunAnswer answer, BlockWriter head)
    {
        InferRequest request = work.Request;
        bool byDefault = work.Raw || (request.BinaryDataOutput ?? false);
        bool anyBinary = work.Raw;
        InferResponseWriter writer = work.Response;
        long binary = 0;
        int outputs = AskedOutput.Count(request, model);

        writer.Begin(head, model.Contract.Head, request.Id, request.HasId, work.Told);
        for (int i = 0; i < outputs; i++)
        {
            (int index, bool asBinary) = Asked(request, model, i, byDefault);
            ContractOutput output = model.Contract.Outputs[index];
            TensorShape shape = answer.OutputShape(index);
            AskedOutput.Check(output.Contract, answer.OutputType(index), shape);
            ReadOnlySpan<byte> data = answer.OutputData(index);
            if (asBinary)
            {
                writer.BinaryOutput(output.Head, shape, data.Length);
                binary += data.Length;
                anyBinary = true; // Also without a byte: whoever asked for binary looks for the head's length.
            }
            else
            {
                writer.JsonOutput(output.Head, shape, data);
            }
        }

        writer.End();
        Start(exchange, work, model, head.WrittenCount + binary, anyBinary ? head.WrittenCount : -1);

        // Small tensors go behind the head first: to copy them twice costs less than the server's locks for each piece that it is given.
        bool together = binary <= head.Free;
        if (!together)
        {
            exchange.Send(head.Written);
        }

        for (int i = 0; binary > 0 && i < outputs; i++)
        {
            (int index, bool asBinary) = Asked(request, model, i, byDefault);
            ReadOnlySpan<byte> data = asBinary ? answer.OutputData(index) : default;
            if (data.IsEmpty)
            {
                continue;
            }

            if (together)
            {
                head.Write(data);
            }
            else
            {
                exchange.Send(data);
            }
        }

        if (together)
        {
            exchange.Send(head.Written);
        }
    }

    private static (int Index, bool Binary) Asked(InferRequest request, ServedModel model, int position, bool byDefault) =>
        (AskedOutput.Index(request, model, position), request.Outputs.IsEmpty ? byDefault : request.Outputs[position].Binary ?? byDefault);
}
