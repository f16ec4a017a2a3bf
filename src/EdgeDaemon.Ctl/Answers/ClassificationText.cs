using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Ctl.Answers;

/// <summary>Ranked classes for people and for programs.</summary>
internal static class ClassificationText
{
    /// <summary>A line for each class: label (or number) and confidence with four digits.</summary>
    public static string Lines(ImmutableArray<RankedClass> classes)
    {
        var text = new StringBuilder();
        foreach (RankedClass ranked in classes)
        {
            text.Append(Printable.Of(ranked.Label ?? ranked.Index.ToString(CultureInfo.InvariantCulture)))
                .Append(CultureInfo.InvariantCulture, $"  {ranked.Confidence:0.0000}\n");
        }

        return text.ToString();
    }

    /// <summary><c>{"model", "version", "output", "classes": [{"index", "label"?, "confidence"}], "votes"?}</c> and a line end.</summary>
    public static string Json(InferenceAnswer answer, OutputTensor output, ImmutableArray<RankedClass> classes, bool votes = false)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("model", answer.Model);
            json.WriteString("version", answer.Version);
            json.WriteString("output", output.Name);
            json.WriteStartArray("classes");
            foreach (RankedClass ranked in classes)
            {
                json.WriteStartObject();
                json.WriteNumber("index", ranked.Index);
                if (ranked.Label is not null)
                {
                    json.WriteString("label", ranked.Label);
                }

                json.WriteNumber("confidence", ranked.Confidence);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            if (votes)
            {
                VoteText.Write(json, answer);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan) + "\n";
    }
}
