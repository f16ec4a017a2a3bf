using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace EdgeDaemon.Benchmarks.Bare;

/// <summary>
/// The same over JSON, as a capable developer writes it with System.Text.Json: the body in a pooled array, tokens into a tensor that is
/// already there, values out through a writer on the response. Of the request it reads the first input's data, and nothing else.
/// </summary>
internal sealed class JsonEndpoint(Model model, Lanes lanes)
{
    private static readonly JsonWriterOptions Options = new() { SkipValidation = true };

    public async Task Handle(HttpContext context)
    {
        int length = (int)(context.Request.ContentLength ?? 0);
        byte[] body = ArrayPool<byte>.Shared.Rent(length);
        byte[] input = ArrayPool<byte>.Shared.Rent(model.InputItemBytes);
        byte[] output = ArrayPool<byte>.Shared.Rent(model.OutputItemBytes);
        try
        {
            PipeReader reader = context.Request.BodyReader;
            int filled = 0;
            while (filled < length)
            {
                ReadResult read = await reader.ReadAsync(context.RequestAborted);
                read.Buffer.CopyTo(body.AsSpan(filled));
                filled += (int)read.Buffer.Length;
                reader.AdvanceTo(read.Buffer.End);
            }

            if (!TryParse(body.AsSpan(0, length), MemoryMarshal.Cast<byte, float>(input.AsSpan(0, model.InputItemBytes))))
            {
                context.Response.StatusCode = StatusCodes.Status400BadRequest;
                return;
            }

            await lanes.RunAsync(input, output, 1, context.RequestAborted);

            var text = new ArrayBufferWriter<byte>(256 + (model.OutputItemBytes * 4));
            Write(text, MemoryMarshal.Cast<byte, float>(output.AsSpan(0, model.OutputItemBytes)));
            context.Response.ContentLength = text.WrittenCount;
            context.Response.ContentType = "application/json";
            await context.Response.BodyWriter.WriteAsync(text.WrittenMemory, context.RequestAborted);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(output);
            ArrayPool<byte>.Shared.Return(input);
            ArrayPool<byte>.Shared.Return(body);
        }
    }

    private static bool TryParse(ReadOnlySpan<byte> json, Span<float> tensor)
    {
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("data"u8))
            {
                int at = 0;
                reader.Read();
                while (reader.Read() && reader.TokenType == JsonTokenType.Number && at < tensor.Length)
                {
                    tensor[at++] = reader.GetSingle();
                }

                return at == tensor.Length && reader.TokenType == JsonTokenType.EndArray;
            }
        }

        return false;
    }

    private static void Write(ArrayBufferWriter<byte> text, ReadOnlySpan<float> tensor)
    {
        using var json = new Utf8JsonWriter(text, Options);
        json.WriteStartObject();
        json.WriteString("model_name"u8, "bare"u8);
        json.WriteStartArray("outputs"u8);
        json.WriteStartObject();
        json.WriteString("name"u8, "y"u8);
        json.WriteString("datatype"u8, "FP32"u8);
        json.WriteStartArray("shape"u8);
        json.WriteNumberValue(1);
        json.WriteNumberValue(tensor.Length);
        json.WriteEndArray();
        json.WriteStartArray("data"u8);
        foreach (float value in tensor)
        {
            json.WriteNumberValue(value);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
