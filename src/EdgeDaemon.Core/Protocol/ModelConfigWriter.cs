using System.Buffers;
using System.Text.Json;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Protocol;

/// <summary>
/// <c>GET /v2/models/NAME/config</c>: what of Triton's ModelConfig is true here. max_batch_size is 0, since shapes name every dimension, the batch included.
/// No ensemble_scheduling: clients take its steps for models that are served and ask for each, and members are not.
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
        if (model.Instances > 0)
        {
            json.WriteStartArray("instance_group"u8);
            json.WriteStartObject();
            json.WriteString("name"u8, model.Name);
            json.WriteString("kind"u8, "KIND_CPU"u8);
            json.WriteNumber("count"u8, model.Instances);
            json.WriteEndObject();
            json.WriteEndArray();
        }

        if (model.GraphLevel != 0)
        {
            json.WriteStartObject("optimization"u8);
            json.WriteStartObject("graph"u8);
            json.WriteNumber("level"u8, model.GraphLevel);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        if (model.Batching is { } batching)
        {
            json.WriteStartObject("dynamic_batching"u8);
            json.WriteStartArray("preferred_batch_size"u8);
            foreach (int rows in batching.Preferred)
            {
                json.WriteNumberValue(rows);
            }

            json.WriteEndArray();
            json.WriteNumber("max_queue_delay_microseconds"u8, batching.MaxDelayMicroseconds);
            json.WriteEndObject();
        }

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
