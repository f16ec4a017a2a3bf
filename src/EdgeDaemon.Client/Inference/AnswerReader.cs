using System.Collections.Immutable;
using System.Text.Json;
using EdgeDaemon.Client.Transport;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Client.Inference;

/// <summary>An answer's bytes -> its tensors. Every size is checked against shape and body: an output is whole or the answer is refused.</summary>
internal static class AnswerReader
{
    public static InferenceAnswer Read(HttpAnswer answer)
    {
        int headLength = answer.HeadLength ?? answer.Body.Length;
        if (headLength > answer.Body.Length)
        {
            throw Invalid("its head is longer than the answer");
        }

        AnswerForm head = Head(answer.Body.AsSpan(0, headLength));
        ReadOnlyMemory<byte> rest = answer.Body.AsMemory(headLength);
        var outputs = ImmutableArray.CreateBuilder<OutputTensor>(head.Outputs.Length);
        foreach (AnswerTensorForm form in head.Outputs)
        {
            outputs.Add(Output(form, ref rest));
        }

        if (rest.Length != 0)
        {
            throw Invalid($"{rest.Length} bytes follow the last output");
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
            return JsonSerializer.Deserialize(json, WireJson.Default.AnswerForm) ?? throw Invalid("its head is null");
        }
        catch (JsonException error)
        {
            throw new EdgeClientException(EdgeClientFailure.AnswerInvalid, "the answer's head is not an inference answer", error);
        }
    }

    private static OutputTensor Output(AnswerTensorForm form, ref ReadOnlyMemory<byte> rest)
    {
        if (!ElementTypes.TryParse(form.Datatype, out ElementType type))
        {
            throw Invalid($"output '{form.Name}' has the unknown type '{form.Datatype}'");
        }

        if (form.Parameters?.BinaryDataSize is not long size)
        {
            throw Invalid($"output '{form.Name}' is not binary, although binary outputs were asked for");
        }

        if (size < 0 || size > rest.Length)
        {
            throw Invalid($"output '{form.Name}' of {size} bytes goes beyond the answer");
        }

        if (!TensorShape.TryCreate(form.Shape, out TensorShape shape)
            || (type != ElementType.Bytes && (!shape.TryByteCount(type, out long expected) || expected != size)))
        {
            throw Invalid($"output '{form.Name}' has {size} bytes, which its shape and type do not give");
        }

        var output = new OutputTensor(form.Name, type, [.. form.Shape], rest[..(int)size]);
        rest = rest[(int)size..];
        return output;
    }

    private static EdgeClientException Invalid(string what) =>
        new(EdgeClientFailure.AnswerInvalid, $"the answer breaks the protocol: {what}");
}
