using System.Buffers;
using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Smoothing.Certificates;

/// <summary>Certificate -> its one canonical form: the schema's order, no white space.</summary>
internal static class CertificateWriter
{
    /// <param name="revealed">With the seed, where there is one.</param>
    /// <param name="seal">Left out where it is empty: what a seal is over has none.</param>
    public static byte[] Write(RobustnessCertificate certificate, bool revealed, string seal)
    {
        var bytes = new ArrayBufferWriter<byte>(2048);
        using (var writer = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.Default }))
        {
            writer.WriteStartObject();
            writer.WriteNumber("format", RobustnessCertificate.Format);
            Model(writer, certificate.Model);
            writer.WriteStartObject("engine");
            writer.WriteString("library", certificate.Engine.Library);
            writer.WriteString("processor", certificate.Engine.Processor);
            writer.WriteNumber("rows", certificate.Engine.Rows);
            writer.WriteNumber("classes", certificate.Engine.Classes);
            writer.WriteEndObject();
            Input(writer, certificate.Input);
            Noise(writer, certificate.Noise, revealed);
            writer.WriteStartObject("rule");
            writer.WriteString("method", CertificateWords.Of(certificate.Rule.Method));
            writer.WriteNumber("alpha", certificate.Rule.Alpha);
            writer.WriteNumber("selection", certificate.Rule.Selection);
            writer.WriteNumber("max_samples", certificate.Rule.MaxSamples);
            if (certificate.Rule.Schedule is { } schedule)
            {
                writer.WriteNumber("beta", schedule.Beta);
                writer.WriteNumber("look", schedule.Look);
                writer.WriteNumber("table_samples", schedule.TableSamples);
            }

            writer.WriteEndObject();
            Tally(writer, "selection", certificate.Selection);
            Tally(writer, "certification", certificate.Certification);
            Ladder(writer, certificate.Ladder);
            writer.WriteStartObject("result");
            writer.WriteNumber("class", certificate.Result.Class);
            writer.WriteBoolean("abstained", certificate.Result.Abstained);
            writer.WriteNumber("radius", certificate.Result.Radius);
            writer.WriteNumber("input_radius", certificate.Result.InputRadius);
            writer.WriteNumber("samples", certificate.Result.Samples);
            writer.WriteNumber("agreements", certificate.Result.Agreements);
            writer.WriteString("stopped", CertificateWords.Of(certificate.Result.Stopped));
            writer.WriteEndObject();
            if (seal.Length > 0)
            {
                writer.WriteString("seal", seal);
            }

            writer.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    private static void Model(Utf8JsonWriter writer, CertificateModel model)
    {
        writer.WriteStartObject("model");
        writer.WriteString("name", model.Name);
        writer.WriteString("version", model.Version);
        writer.WriteString("release", model.Release);
        writer.WriteStartArray("members");
        foreach (CertificateMember member in model.Members)
        {
            writer.WriteStartObject();
            writer.WriteString("name", member.Name);
            writer.WriteString("sha256", member.Sha256);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteString("rule", CertificateWords.Of(model.Vote));
        writer.WriteStartArray("weights");
        foreach (double weight in model.Weights)
        {
            writer.WriteNumberValue(weight);
        }

        writer.WriteEndArray();
        writer.WriteNumber("consensus", model.Consensus);
        writer.WriteString("output", model.Output);
        writer.WriteEndObject();
    }

    private static void Input(Utf8JsonWriter writer, CertificateInput input)
    {
        writer.WriteStartObject("input");
        writer.WriteString("name", input.Name);
        writer.WriteString("datatype", input.Type.WireName());
        writer.WriteStartArray("shape");
        foreach (long dimension in input.Shape)
        {
            writer.WriteNumberValue(dimension);
        }

        writer.WriteEndArray();
        writer.WriteString("sha256", input.Sha256);
        writer.WriteEndObject();
    }

    private static void Noise(Utf8JsonWriter writer, CertificateNoise noise, bool revealed)
    {
        writer.WriteStartObject("noise");
        writer.WriteString("kind", CertificateWords.Of(noise.Kind));
        writer.WriteString("sampler", noise.Sampler);
        writer.WriteNumber("sigma", noise.Sigma);
        writer.WriteString("norm", CertificateNoise.Norm);
        writer.WriteNumber("scale", noise.Scale);
        writer.WriteString("commitment", noise.Commitment);
        writer.WriteNumber("row", noise.Row);
        writer.WriteNumber("first", noise.First);
        writer.WriteNumber("count", noise.Count);
        if (revealed && noise.Seed is { } seed)
        {
            writer.WriteString("seed", seed);
        }

        writer.WriteEndObject();
    }

    private static void Tally(Utf8JsonWriter writer, string name, SampleTally tally)
    {
        writer.WriteStartObject(name);
        writer.WriteNumber("samples", tally.Samples);
        writer.WriteNumber("failed", tally.Failed);
        writer.WriteStartArray("counts");
        foreach (ClassCount count in tally.Counts)
        {
            writer.WriteStartArray();
            writer.WriteNumberValue(count.Class);
            writer.WriteNumberValue(count.Count);
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Ladder(Utf8JsonWriter writer, ImmutableArray<LadderStep> ladder)
    {
        writer.WriteStartArray("ladder");
        foreach (LadderStep step in ladder)
        {
            writer.WriteStartObject();
            writer.WriteNumber("radius", step.Radius);
            writer.WriteString("table", step.Table);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
