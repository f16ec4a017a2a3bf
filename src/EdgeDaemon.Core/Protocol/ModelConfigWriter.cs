using System.Buffers;
using System.Text.Json;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Protocol;

/// <summary>
/// <c>GET /v2/models/NAME/config</c>: the least of Triton's ModelConfig that perf_analyzer needs. max_batch_size is 0,
/// since shapes name every dimension, the batch included.
/// </summary>
public static class ModelConfigWriter
{
    public static void Write(IBufferWriter<byte> output, ModelDescription model)
    {
        using var json = new Utf8JsonWriter(output, ProtocolJson.Options);
        json.WriteStartObject();
        json.WriteString("name"u8, model.Name);
        json.WriteString("platform"u8, model.Platform);
        json.WriteString("backend"u8, model.Backend);
        json.WriteNumber("max_batch_size"u8, 0);
        WriteTensors(json, "input"u8, model.Inputs.AsSpan());
        WriteTensors(json, "output"u8, model.Outputs.AsSpan());
        json.WriteStartObject("parameters"u8);
        foreach ((string name, string value) in model.Parameters)
        {
            json.WriteStartObject(name);
            json.WriteString("string_value"u8, value);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteTensors(Utf8JsonWriter json, ReadOnlySpan<byte> member, ReadOnlySpan<TensorDescription> tensors)
    {
        json.WriteStartArray(member);
        foreach (TensorDescription tensor in tensors)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, tensor.Contract.Name);
            json.WriteString("data_type"u8, tensor.Contract.Type.ConfigName());
            if (tensor.Format is not null)
            {
                json.WriteString("format"u8, tensor.Format);
            }

            json.WriteStartArray("dims"u8);
            foreach (long dimension in tensor.Contract.Shape)
            {
                json.WriteNumberValue(dimension);
            }

            json.WriteEndArray();
            if (tensor.LabelFilename is not null)
            {
                json.WriteString("label_filename"u8, tensor.LabelFilename);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
