using System.Collections.Immutable;
using System.Text.Json;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Client.Rest;

/// <summary>
/// An answer -> its tensors, each received where it will be used. Every size is checked against shape and body before memory is taken: an
/// output is whole or the answer is refused.
/// </summary>
internal static class AnswerReader
{
    public static async Task<InferenceAnswer> ReadAsync(
        HttpResponseMessage response, IReadOnlyList<RequestedOutput>? asked, int limit, CancellationToken cancellation)
    {
        if (WireHeaders.ReadHeadLength(response) is not int headLength)
        {
            return await ReadAsync(Head(await BoundedBody.ReadAsync(response.Content, limit, cancellation)), Stream.Null, 0, asked, cancellation);
        }

        long length = response.Content.Headers.ContentLength ?? limit;
        if (length > limit)
        {
            throw BoundedBody.TooLarge(limit);
        }

        if (headLength > length)
        {
            throw OutputPlaces.Invalid("its head is longer than the answer");
        }

        await using Stream body = await response.Content.ReadAsStreamAsync(cancellation);
        byte[] head = new byte[headLength];
        await FillAsync(body, head, cancellation);
        return await ReadAsync(Head(head), body, length - headLength, asked, cancellation);
    }

    private static async Task<InferenceAnswer> ReadAsync(
        AnswerForm head, Stream body, long left, IReadOnlyList<RequestedOutput>? asked, CancellationToken cancellation)
    {
        var places = new OutputPlaces(asked);
        var outputs = ImmutableArray.CreateBuilder<OutputTensor>(head.Outputs.Length);
        foreach (AnswerTensorForm form in head.Outputs)
        {
            (ElementType type, int size) = Check(form, left);
            Memory<byte> bytes = places.For(form.Name, size);
            await FillAsync(body, bytes, cancellation);
            left -= size;
            outputs.Add(new OutputTensor(form.Name, type, [.. form.Shape], bytes));
        }

        if (await body.ReadAsync(new byte[1], cancellation) != 0)
        {
            throw OutputPlaces.Invalid("more bytes follow the last output");
        }

        return new InferenceAnswer(head.ModelName, head.ModelVersion, head.Id, outputs.MoveToImmutable())
        {
            Parameters = head.Parameters ?? [],
        };
    }

    private static AnswerForm Head(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, WireJson.Default.AnswerForm) ?? throw OutputPlaces.Invalid("its head is null");
        }
        catch (JsonException error)
        {
            throw new EdgeClientException(EdgeClientFailure.AnswerInvalid, "the answer's head is not an inference answer", error);
        }
    }

    private static (ElementType Type, int Size) Check(AnswerTensorForm form, long left)
    {
        if (!ElementTypes.TryParse(form.Datatype, out ElementType type))
        {
            throw OutputPlaces.Invalid($"output '{form.Name}' has the unknown type '{form.Datatype}'");
        }

        if (form.Parameters?.BinaryDataSize is not long size)
        {
            throw OutputPlaces.Invalid($"output '{form.Name}' is not binary, although binary outputs were asked for");
        }

        if (size < 0 || size > left)
        {
            throw OutputPlaces.Invalid($"output '{form.Name}' of {size} bytes goes beyond the answer");
        }

        OutputPlaces.CheckSize(form.Name, type, form.Shape, size);
        return (type, (int)size);
    }

    private static async ValueTask FillAsync(Stream body, Memory<byte> bytes, CancellationToken cancellation)
    {
        try
        {
            await body.ReadExactlyAsync(bytes, cancellation);
        }
        catch (EndOfStreamException error)
        {
            // HTTP's own framing was kept: a connection that broke is another exception.
            throw OutputPlaces.Invalid("it ends before its last output does", error);
        }
    }
}
