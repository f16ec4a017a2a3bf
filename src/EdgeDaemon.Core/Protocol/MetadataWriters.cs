using System.Buffers;
using System.Text.Json;

namespace EdgeDaemon.Core.Protocol;

/// <summary><c>GET /v2</c>.</summary>
public static class ServerMetadataWriter
{
    /// <param name="output">Takes the JSON.</param>
    /// <param name="name">The server's name.</param>
    /// <param name="version">The server's version.</param>
    /// <param name="extensions">Only what is really served: clients use the list as a switch.</param>
    public static void Write(IBufferWriter<byte> output, string name, string version, ReadOnlySpan<string> extensions)
    {
        using var json = new Utf8JsonWriter(output, ProtocolJson.Options);
        json.WriteStartObject();
        json.WriteString("name"u8, name);
        json.WriteString("version"u8, version);
        json.WriteStartArray("extensions"u8);
        foreach (string extension in extensions)
        {
            json.WriteStringValue(extension);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}

/// <summary><c>GET /v2/models/NAME</c>.</summary>
public static class ModelMetadataWriter
{
    public static void Write(IBufferWriter<byte> output, ModelDescription model)
    {
        using var json = new Utf8JsonWriter(output, ProtocolJson.Options);
        json.WriteStartObject();
        json.WriteString("name"u8, model.Name);
        json.WriteStartArray("versions"u8);
        json.WriteStringValue(model.Version);
        json.WriteEndArray();
        json.WriteString("platform"u8, model.Platform);
        WriteTensors(json, "inputs"u8, model.Inputs.AsSpan());
        WriteTensors(json, "outputs"u8, model.Outputs.AsSpan());
        json.WriteEndObject();
    }

    private static void WriteTensors(Utf8JsonWriter json, ReadOnlySpan<byte> member, ReadOnlySpan<TensorDescription> tensors)
    {
        json.WriteStartArray(member);
        foreach (TensorDescription tensor in tensors)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, tensor.Contract.Name);
            json.WriteString("datatype"u8, Tensors.ElementTypes.WireName(tensor.Contract.Type));
            json.WriteStartArray("shape"u8);
            foreach (long dimension in tensor.Contract.Shape)
            {
                json.WriteNumberValue(dimension);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
