using System.Buffers;
using System.Text.Json;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Client.Rest;

/// <summary>The JSON head of an inference request whose tensors follow it as raw bytes, all outputs asked for in the same way.</summary>
internal static class RequestHead
{
    public static ReadOnlyMemory<byte> Write(InferenceRequest request)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        if (request.Id is not null)
        {
            json.WriteString("id"u8, request.Id);
        }

        json.WriteStartObject("parameters"u8);
        json.WriteBoolean("binary_data_output"u8, true);
        if (request.Votes)
        {
            json.WriteBoolean("votes"u8, true);
        }

        if (request.Certify is { } certify)
        {
            WriteCertification(json, certify);
        }

        json.WriteEndObject();
        json.WriteStartArray("inputs"u8);
        foreach (InputTensor input in request.Inputs)
        {
            WriteInput(json, input);
        }

        json.WriteEndArray();
        if (request.Outputs is not null)
        {
            WriteOutputs(json, request.Outputs);
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static void WriteCertification(Utf8JsonWriter json, Certification certify)
    {
        foreach (string flag in certify.Flags())
        {
            json.WriteBoolean(flag, true);
        }

        foreach ((string name, string text) in certify.Texts())
        {
            json.WriteString(name, text);
        }
    }

    private static void WriteInput(Utf8JsonWriter json, InputTensor input)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, input.Name);
        json.WriteString("datatype"u8, input.Type.WireName());
        json.WriteStartArray("shape"u8);
        foreach (long dimension in input.Shape)
        {
            json.WriteNumberValue(dimension);
        }

        json.WriteEndArray();
        json.WriteStartObject("parameters"u8);
        json.WriteNumber("binary_data_size"u8, input.Bytes.Length);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteOutputs(Utf8JsonWriter json, IReadOnlyList<RequestedOutput> outputs)
    {
        json.WriteStartArray("outputs"u8);
        foreach (RequestedOutput output in outputs)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, output.Name);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
