using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Benchmarks.Json;

/// <summary>The same work by System.Text.Json at its best: tokens into an array that is already there, values out of one.</summary>
internal static class Framework
{
    public static void Read(ReadOnlySpan<byte> json, ElementType type, Span<byte> destination)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        int at = 0;
        switch (type)
        {
            case ElementType.UInt8:
                while (reader.Read() && reader.TokenType == JsonTokenType.Number)
                {
                    destination[at++] = reader.GetByte();
                }

                break;
            case ElementType.Int64:
                Span<long> longs = MemoryMarshal.Cast<byte, long>(destination);
                while (reader.Read() && reader.TokenType == JsonTokenType.Number)
                {
                    longs[at++] = reader.GetInt64();
                }

                break;
            case ElementType.Float64:
                Span<double> doubles = MemoryMarshal.Cast<byte, double>(destination);
                while (reader.Read() && reader.TokenType == JsonTokenType.Number)
                {
                    doubles[at++] = reader.GetDouble();
                }

                break;
            case ElementType.Float32:
                Span<float> floats = MemoryMarshal.Cast<byte, float>(destination);
                while (reader.Read())
                {
                    if (reader.TokenType == JsonTokenType.Number)
                    {
                        floats[at++] = reader.GetSingle();
                    }
                }

                break;
            default:
                Span<Half> halves = MemoryMarshal.Cast<byte, Half>(destination);
                while (reader.Read() && reader.TokenType == JsonTokenType.Number)
                {
                    halves[at++] = (Half)reader.GetSingle();
                }

                break;
        }
    }

    public static void Write(Utf8JsonWriter json, ArrayBufferWriter<byte> output, ElementType type, ReadOnlySpan<byte> data)
    {
        output.ResetWrittenCount();
        json.Reset(output);
        json.WriteStartArray();
        switch (type)
        {
            case ElementType.UInt8:
                foreach (byte value in data)
                {
                    json.WriteNumberValue(value);
                }

                break;
            case ElementType.Int64:
                foreach (long value in MemoryMarshal.Cast<byte, long>(data))
                {
                    json.WriteNumberValue(value);
                }

                break;
            case ElementType.Float64:
                foreach (double value in MemoryMarshal.Cast<byte, double>(data))
                {
                    json.WriteNumberValue(value);
                }

                break;
            case ElementType.Float32:
                foreach (float value in MemoryMarshal.Cast<byte, float>(data))
                {
                    json.WriteNumberValue(value);
                }

                break;
            default:
                foreach (Half value in MemoryMarshal.Cast<byte, Half>(data))
                {
                    json.WriteNumberValue((float)value);
                }

                break;
        }

        json.WriteEndArray();
        json.Flush();
    }
}
