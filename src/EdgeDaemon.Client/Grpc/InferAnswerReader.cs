using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Protocol.Grpc;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Client.Grpc;

/// <summary>A ModelInferResponse -> an answer, each output received where it will be used.</summary>
internal static class InferAnswerReader
{
    /// <summary>More outputs than a model has: a message of empty ones would take far more memory than bytes.</summary>
    private const int MostOutputs = 4096;

    /// <param name="message">At the beginning of the ModelInferResponse.</param>
    /// <param name="stop">What is left of the message when the response ends.</param>
    /// <param name="asked">Where outputs go.</param>
    /// <param name="cancellation">The call's.</param>
    public static async Task<InferenceAnswer> ReadAsync(
        MessageReader message, long stop, IReadOnlyList<RequestedOutput>? asked, CancellationToken cancellation)
    {
        var head = new ModelInferResponseReader();
        var places = new OutputPlaces(asked);
        var raw = new List<(Memory<byte> Bytes, bool Placed)>();
        long headBytes = 0;
        while (message.Left > stop)
        {
            ProtobufField field = await message.FieldAsync(stop, cancellation);
            if (!field.IsDelimited)
            {
                continue;
            }

            if (field.Number != ModelInferResponseReader.RawContents)
            {
                headBytes += (long)field.Value;
                Bound(headBytes <= MessageReader.MostSmallBytes);
                head.Add(field.Number, await message.SmallAsync((long)field.Value, cancellation));
                Bound(head.Outputs.Count <= MostOutputs);
                continue;
            }

            Bound(raw.Count < MostOutputs);
            bool known = raw.Count < head.Outputs.Count;
            Memory<byte> bytes = known ? Place(places, head.Outputs[raw.Count], (int)field.Value) : new byte[field.Value];
            await message.FillAsync(bytes, cancellation);
            raw.Add((bytes, known));
        }

        if (raw.Count != head.Outputs.Count)
        {
            throw OutputPlaces.Invalid($"{head.Outputs.Count} outputs with {raw.Count} raw contents");
        }

        var outputs = ImmutableArray.CreateBuilder<OutputTensor>(raw.Count);
        for (int i = 0; i < raw.Count; i++)
        {
            TensorContract output = head.Outputs[i];
            Memory<byte> bytes = raw[i].Bytes;
            if (!raw[i].Placed)
            {
                // Contents before their output's name: legal protobuf, and no server's habit.
                bytes = Place(places, output, bytes.Length);
                raw[i].Bytes.CopyTo(bytes);
            }

            outputs.Add(new OutputTensor(output.Name, output.Type, output.Shape, bytes));
        }

        return new InferenceAnswer(head.ModelName, Given(head.ModelVersion), Given(head.Id), outputs.MoveToImmutable())
        {
            Parameters = head.Parameters.Count == 0
                ? ImmutableDictionary<string, JsonElement>.Empty
                : head.Parameters.GroupBy(p => p.Name).ToDictionary(p => p.Key, p => Json(p.Last())),
        };
    }

    private static Memory<byte> Place(OutputPlaces places, TensorContract output, int size)
    {
        OutputPlaces.CheckSize(output.Name, output.Type, output.Shape.AsSpan(), size);
        return places.For(output.Name, size);
    }

    private static void Bound(bool holds)
    {
        if (!holds)
        {
            throw OutputPlaces.Invalid("it has more outputs, or a larger head, than an answer has");
        }
    }

    private static string? Given(string text) => text.Length == 0 ? null : text;

    private static JsonElement Json(ResponseParameter parameter)
    {
        string json = parameter.Kind switch
        {
            InferParameterKind.Text => $"\"{JsonEncodedText.Encode(parameter.Text!)}\"",
            InferParameterKind.Boolean => parameter.Bits != 0 ? "true" : "false",
            InferParameterKind.Real => BitConverter.Int64BitsToDouble(parameter.Bits).ToString("R", CultureInfo.InvariantCulture),
            InferParameterKind.UnsignedInteger => ((ulong)parameter.Bits).ToString(CultureInfo.InvariantCulture),
            _ => parameter.Bits.ToString(CultureInfo.InvariantCulture),
        };
        using JsonDocument document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
