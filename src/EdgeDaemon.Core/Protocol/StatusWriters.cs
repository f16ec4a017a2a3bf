using System.Buffers;
using System.Text.Json;

namespace EdgeDaemon.Core.Protocol;

/// <summary>Bodies of the health endpoints as the protocol's text has them; clients look only at the status code.</summary>
public static class HealthWriter
{
    /// <summary><c>GET /v2/health/live</c> and <c>/v2/health/ready</c>: both say <c>live</c>, as published.</summary>
    public static void WriteServer(IBufferWriter<byte> output, bool live)
    {
        using var json = new Utf8JsonWriter(output, ProtocolJson.Options);
        json.WriteStartObject();
        json.WriteBoolean("live"u8, live);
        json.WriteEndObject();
    }

    /// <summary><c>GET /v2/models/NAME/ready</c>.</summary>
    public static void WriteModel(IBufferWriter<byte> output, string name, bool ready)
    {
        using var json = new Utf8JsonWriter(output, ProtocolJson.Options);
        json.WriteStartObject();
        json.WriteString("name"u8, name);
        json.WriteBoolean("ready"u8, ready);
        json.WriteEndObject();
    }
}

/// <summary>The body of every answer that is not a success: clients raise its <c>error</c> text.</summary>
public static class ErrorWriter
{
    public static void Write(IBufferWriter<byte> output, string error)
    {
        using var json = new Utf8JsonWriter(output, ProtocolJson.Options);
        json.WriteStartObject();
        json.WriteString("error"u8, error);
        json.WriteEndObject();
    }
}

/// <summary><c>POST /v2/repository/index</c>: an array, one entry a model.</summary>
public static class RepositoryIndexWriter
{
    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<ModelIndexEntry> models)
    {
        using var json = new Utf8JsonWriter(output, ProtocolJson.Options);
        json.WriteStartArray();
        foreach (ModelIndexEntry model in models)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, model.Name);
            json.WriteString("version"u8, model.Version);
            json.WriteString("state"u8, model.State);
            json.WriteString("reason"u8, model.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
