using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Onnx;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Ctl.Bundles;

namespace EdgeDaemon.Ctl.Answers;

/// <summary>A bundle's content for people and for programs. Without a manifest that can be read, the rest is still shown.</summary>
internal static class InspectionText
{
    public static string Lines(ModelManifest? manifest, ModelInspection? inspection, ImmutableArray<TreeFile> files, SignatureReading[] signatures)
    {
        var text = new StringBuilder();
        void Line(string key, string value) => text.Append(CultureInfo.InvariantCulture, $"{key,-11}{value}\n");

        if (manifest is not null)
        {
            Line("model", manifest.Name);
            Line("version", $"{manifest.Version} (sequence {manifest.Sequence}, security floor {manifest.SecurityFloor})");
            Line("created", manifest.Created.ToString("u", CultureInfo.InvariantCulture));
            Line("expires", manifest.Expires?.ToString("u", CultureInfo.InvariantCulture) ?? "never");
            if (manifest.Description.Length > 0)
            {
                Line("about", Printable.Of(manifest.Description, 1024));
            }

            foreach (ManifestInput input in manifest.Inputs)
            {
                string divided = input.Preprocess is { } change ? $", divided by {change.DivideBy.ToString(CultureInfo.InvariantCulture)} to FP32" : "";
                string image = input.Image is { } layout ? $", an image ({layout.ToString().ToUpperInvariant()})" : "";
                Line("input", $"{Port(input.Contract)}{image}{divided}");
            }

            foreach (ManifestOutput output in manifest.Outputs)
            {
                Line("output", Port(output.Contract) + (output.Labels is string labels ? $", labels in {Printable.Of(labels)}" : ""));
            }

            foreach (ManifestMember member in manifest.Members)
            {
                Line("member", $"{member.Name}  {Printable.Of(member.File)}");
            }

            if (manifest.Ensemble is { } ensemble)
            {
                Line("ensemble", Vote(ensemble, manifest));
            }
        }

        if (!files.IsEmpty)
        {
            Line("release", ReleaseDigest.Hex(ReleaseDigest.Compute(files)));
        }

        foreach (TreeFile file in files)
        {
            Line("file", $"{Convert.ToHexStringLower(file.Sha256.AsSpan())}  {file.Size,12}  {Printable.Of(file.Name)}");
        }

        foreach (SignatureReading signature in signatures)
        {
            string about = signature.Fault is null ? $"lists these {signature.Resources} files" : $"does not count: {signature.Fault}";
            Line("signature", $"{Printable.Of(signature.File)}  key hint {Printable.Of(signature.Hint ?? "none")}  {about}");
        }

        if (signatures.Length == 0)
        {
            Line("signature", "none");
        }

        foreach (MemberInspection member in inspection?.Members ?? [])
        {
            OnnxSummary graph = member.Report.Summary;
            Line("graph", string.Create(CultureInfo.InvariantCulture, $"{member.Member}: {graph.Nodes} nodes, {graph.Parameters} parameters in {graph.WeightBytes} bytes; IR {graph.IrVersion}, by {Printable.Of(graph.Producer.Length == 0 ? "nobody named" : graph.Producer)}"));
            Line("opsets", string.Join(", ", graph.Opsets.Select(set => $"{(set.Key.Length == 0 ? "ai.onnx" : Printable.Of(set.Key))} {set.Value}")));
            Line("operators", string.Join(", ", graph.Operators.Select(used => $"{Printable.Of(used.Key)} {used.Value}")));
        }

        foreach ((string file, OnnxFinding finding) in inspection?.All ?? [])
        {
            Line(finding.Severity.ToString().ToLowerInvariant(), $"{Printable.Of(file)}: {finding}");
        }

        return text.ToString();
    }

    /// <summary>
    /// <c>{"model": {...}|null, "release_digest", "files": [{"name", "size", "sha256"}], "signatures": [{"file", "hint", "fault"}], "graphs": [...], "findings": [...]}</c>
    /// and a line end.
    /// </summary>
    public static string Json(ModelManifest? manifest, ModelInspection? inspection, ImmutableArray<TreeFile> files, SignatureReading[] signatures)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (manifest is null)
            {
                json.WriteNull("model");
            }
            else
            {
                WriteManifest(json, manifest);
            }

            json.WriteString("release_digest", files.IsEmpty ? null : ReleaseDigest.Hex(ReleaseDigest.Compute(files)));
            json.WriteStartArray("files");
            foreach (TreeFile file in files)
            {
                json.WriteStartObject();
                json.WriteString("name", file.Name);
                json.WriteNumber("size", file.Size);
                json.WriteString("sha256", Convert.ToHexStringLower(file.Sha256.AsSpan()));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("signatures");
            foreach (SignatureReading signature in signatures)
            {
                json.WriteStartObject();
                json.WriteString("file", signature.File);
                json.WriteString("hint", signature.Hint);
                json.WriteString("fault", signature.Fault);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            WriteInspection(json, inspection);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan) + "\n";
    }

    private static void WriteInspection(Utf8JsonWriter json, ModelInspection? inspection)
    {
        json.WriteStartArray("graphs");
        foreach (MemberInspection member in inspection?.Members ?? [])
        {
            OnnxSummary graph = member.Report.Summary;
            json.WriteStartObject();
            json.WriteString("member", member.Member);
            json.WriteString("file", member.File);
            json.WriteNumber("ir_version", graph.IrVersion);
            json.WriteString("producer", graph.Producer);
            json.WriteNumber("nodes", graph.Nodes);
            json.WriteNumber("parameters", graph.Parameters);
            json.WriteNumber("weight_bytes", graph.WeightBytes);
            json.WriteStartObject("opsets");
            foreach ((string domain, long version) in graph.Opsets)
            {
                json.WriteNumber(domain.Length == 0 ? "ai.onnx" : domain, version);
            }

            json.WriteEndObject();
            json.WriteStartObject("operators");
            foreach ((string name, long uses) in graph.Operators)
            {
                json.WriteNumber(name, uses);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("findings");
        foreach ((string file, OnnxFinding finding) in inspection?.All ?? [])
        {
            json.WriteStartObject();
            json.WriteString("file", file);
            json.WriteString("severity", finding.Severity.ToString().ToLowerInvariant());
            json.WriteString("code", finding.Code);
            json.WriteString("place", finding.Place);
            json.WriteString("detail", finding.Detail);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteManifest(Utf8JsonWriter json, ModelManifest manifest)
    {
        json.WriteStartObject("model");
        json.WriteString("name", manifest.Name);
        json.WriteString("version", manifest.Version);
        json.WriteNumber("sequence", manifest.Sequence);
        json.WriteNumber("security_floor", manifest.SecurityFloor);
        json.WriteString("created", manifest.Created);
        if (manifest.Expires is { } expires)
        {
            json.WriteString("expires", expires);
        }

        json.WriteString("description", manifest.Description);
        WritePorts(json, "inputs", manifest.Inputs.Select(input => input.Contract));
        WritePorts(json, "outputs", manifest.Outputs.Select(output => output.Contract));
        json.WriteStartArray("members");
        foreach (ManifestMember member in manifest.Members)
        {
            json.WriteStartObject();
            json.WriteString("name", member.Name);
            json.WriteString("file", member.File);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WritePorts(Utf8JsonWriter json, string key, IEnumerable<TensorContract> ports)
    {
        json.WriteStartArray(key);
        foreach (TensorContract port in ports)
        {
            json.WriteStartObject();
            json.WriteString("name", port.Name);
            json.WriteString("datatype", port.Type.WireName());
            json.WriteStartArray("shape");
            foreach (long dimension in port.Shape)
            {
                json.WriteNumberValue(dimension);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static string Vote(ManifestEnsemble ensemble, ModelManifest manifest)
    {
        var text = new StringBuilder(ensemble.Rule.ToString().ToLowerInvariant());
        if (manifest.Outputs.Length > 1 && ensemble.Output >= 0)
        {
            text.Append(CultureInfo.InvariantCulture, $" on {Printable.Of(manifest.Outputs[ensemble.Output].Contract.Name)}");
        }

        text.Append(CultureInfo.InvariantCulture, $", weights {string.Join(' ', ensemble.Weights.Select(weight => weight.ToString(CultureInfo.InvariantCulture)))}");
        text.Append(ensemble.Consensus == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", the first {ensemble.Consensus} alone where they agree"));
        text.Append(CultureInfo.InvariantCulture, $", {ensemble.Quorum} of {manifest.Members.Length} must answer");
        text.Append(ensemble.MemberTimeout is { } timeout ? string.Create(CultureInfo.InvariantCulture, $", each within {timeout.TotalMilliseconds} ms") : "");
        return text.ToString();
    }

    private static string Port(TensorContract port) => $"{Printable.Of(port.Name)} {port.Type.WireName()} [{string.Join(',', port.Shape)}]";
}
