using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Listeners;
using EdgeDaemon.Models;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Validation;

namespace EdgeDaemon.Pipeline;

/// <summary>Bytes of the body to values: the head first, then, once memory is granted, each tensor to its place.</summary>
internal sealed class RequestDecoder(LimitSettings limits, TensorBlockPool pool)
{
    private readonly ProtocolLimits _protocol = new()
    {
        MaxHeadBytes = (int)Math.Min(limits.MaxBodyBytes, int.MaxValue),
        MaxDepth = limits.MaxJsonDepth,
        MaxTensors = limits.MaxTensors,
    };

    /// <summary>Reads the JSON part of the body into bounded memory and decodes it; a raw request has none.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask ReadHeadAsync(HttpExchange exchange, RequestBody body, InferenceWork work)
    {
        exchange.RefuseEncodedBody();
        body.RefuseTooLarge();
        long head = exchange.HeadLength();
        if (head == 0)
        {
            if (body.Length is null)
            {
                throw new RefusedException(Refusal.BodyLengthRequired, "a raw request came without Content-Length");
            }

            work.Raw = true;
            return;
        }

        if (head > 0)
        {
            BinaryBody.CheckHead(head, body.Length ?? BinaryBody.UnknownLength);
        }

        bool allJson = head < 0 || head == body.Length;
        if (!allJson && head > limits.MaxHeadBytes)
        {
            throw new RefusedException(Refusal.HeadTooLarge, $"head of {head} bytes is over max_head_bytes {limits.MaxHeadBytes}");
        }

        long length = head >= 0 ? head : body.Length ?? -1;
        if (length >= 0)
        {
            TensorBlock block = work.JsonBlock = pool.Rent(length, work.Entry.Account);
            await body.ReadExactlyAsync(block.Memory);
            work.Json = block.Memory;
        }
        else
        {
            work.JsonWriter = await body.ReadToEndAsync(pool, work.Entry.Account);
            work.Json = work.JsonWriter.WrittenMemory;
        }

        InferRequestReader.Read(work.Json.Span, _protocol, work.Request);

        // Without the header all of the body is JSON: binary tensors then have no bytes, and the plan says so.
        BinaryBody.Plan(work.Json.Length, head < 0 ? work.Json.Length : body.Length ?? BinaryBody.UnknownLength, work.Request);
    }

    /// <summary>Fills granted memory: binary tensors in the order of the body, JSON tensors from the head, then preprocessing.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public static async ValueTask ReadTensorsAsync(RequestBody body, InferenceWork work, ModelContract contract)
    {
        if (work.Raw)
        {
            await ReadRawAsync(body, work, contract.Inputs[0]);
            return;
        }

        int given = work.Request.Inputs.Length;
        for (int order = 0; order < given; order++)
        {
            int index = IndexOf(work.Plan, order);
            TensorBlock block = work.Grant.Rent(work.Plan[index].Bytes);
            if (work.Request.Inputs[order].IsBinary)
            {
                await body.ReadExactlyAsync(block.Memory);
            }
            else
            {
                Parse(work, order, index, contract.Inputs[index].Contract.Type, block);
            }

            ArrivedTensor.Accept(work, index, contract.Inputs[index], block);
        }

        await body.ExpectEndAsync();
    }

    private static void Parse(InferenceWork work, int order, int index, ElementType type, TensorBlock block)
    {
        InferInput input = work.Request.Inputs[order];
        ReadOnlySpan<byte> data = work.Json.Span.Slice(input.DataStart, input.DataLength);
        JsonTensorReader.Read(data, type, work.Plan[index].Shape, block.GetSpan());
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private static async ValueTask ReadRawAsync(RequestBody body, InferenceWork work, ContractInput declared)
    {
        TensorBlock block = work.Grant.Rent(work.Plan[0].Bytes);
        Memory<byte> destination = block.Memory;
        if (declared.Contract.Type == ElementType.Bytes)
        {
            BinaryPrimitives.WriteInt32LittleEndian(destination.Span, destination.Length - sizeof(int));
            destination = destination[sizeof(int)..];
        }

        await body.ReadExactlyAsync(destination);
        ArrivedTensor.Accept(work, 0, declared, block);
    }

    private static int IndexOf(InputPlan plan, int order)
    {
        for (int i = 0; i < plan.Count; i++)
        {
            if (plan[i].RequestIndex == order)
            {
                return i;
            }
        }

        throw new InvalidOperationException("a plan covers every input of its request");
    }
}
