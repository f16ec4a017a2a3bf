using System.Collections.Immutable;

namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>What a model is made of, for people and records.</summary>
/// <param name="Operators">Uses of each, subgraphs included.</param>
/// <param name="Opsets">Imported version of each domain.</param>
/// <param name="Parameters">Elements of all weights.</param>
/// <param name="WeightBytes">Their bytes in the file.</param>
public sealed record OnnxSummary(
    long IrVersion,
    string Producer,
    ImmutableSortedDictionary<string, long> Operators,
    ImmutableSortedDictionary<string, long> Opsets,
    long Nodes,
    long Parameters,
    long WeightBytes,
    ImmutableArray<OnnxPort> Inputs,
    ImmutableArray<OnnxPort> Outputs);

/// <summary>A walk's outcome.</summary>
/// <param name="Summary">As far as the walk came.</param>
public sealed record OnnxReport(ImmutableArray<OnnxFinding> Findings, OnnxSummary Summary);

/// <summary>The bounded walk over one ONNX file (README beside this file). Throws nothing: whatever is wrong is a finding.</summary>
public static class OnnxWalk
{
    private const int MostImports = 64;

    /// <param name="model">The whole file.</param>
    /// <param name="controlFlow">Whether the signed manifest allows branches and loops.</param>
    public static OnnxReport Of(ReadOnlySpan<byte> model, bool controlFlow)
    {
        OnnxWalkState walk = OnnxWalkState.Create(controlFlow);
        var graph = new OnnxGraph(walk);
        var opsets = new SortedDictionary<string, long>(StringComparer.Ordinal);
        string producer = "";
        try
        {
            producer = Model(model, walk, graph, opsets);
        }
        catch (OnnxFormatException malformed)
        {
            walk.Findings.Danger(OnnxRule.Malformed, "model", malformed.Message);
        }
        catch (OnnxFloodException flood)
        {
            walk.Findings.Danger(OnnxRule.TooMany, "model", flood.Message);
        }

        return new OnnxReport(
            [.. walk.Findings.Found],
            new OnnxSummary(
                walk.IrVersion, producer, walk.Operators, opsets.ToImmutableSortedDictionary(StringComparer.Ordinal), walk.Nodes, walk.Parameters, walk.WeightBytes, graph.Inputs, graph.Outputs));
    }

    private static string Model(ReadOnlySpan<byte> model, OnnxWalkState walk, OnnxGraph root, SortedDictionary<string, long> opsets)
    {
        string producer = "", version = "";
        bool hasGraph = false;
        int entries = 0;
        OnnxFindings findings = walk.Findings;
        ReadOnlySpan<byte> graph = default;
        var fields = new OnnxFields(model, OnnxMessage.Model, findings, "model");
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case 1:
                    walk.IrVersion = (long)fields.Number;
                    break;
                case 2:
                    producer = OnnxText.Name(fields.Content, findings, "model.producer_name");
                    break;
                case 3:
                    version = OnnxText.Name(fields.Content, findings, "model.producer_version");
                    break;
                case 4:
                    OnnxText.Name(fields.Content, findings, "model.domain");
                    break;
                case 6:
                    OnnxText.Check(fields.Content, OnnxText.LongestDocumentation, OnnxRule.Text, findings, "model.doc_string");
                    break;
                case 7:
                    graph = fields.Content;
                    hasGraph = true;
                    break;
                case 8:
                    Import(fields.Content, findings, opsets);
                    break;
                case 14:
                    OnnxMetadata.Entry(fields.Content, ref entries, findings, "model.metadata_props");
                    break;
                case 20 or 26:
                    findings.Danger(OnnxRule.Training, "model", fields.Field == 20 ? "it holds training information" : "it holds device configurations");
                    break;
                case 25:
                    findings.Danger(OnnxRule.Functions, "model.functions", "it holds functions of its own; export it with functions inlined");
                    break;
            }
        }

        if (!hasGraph)
        {
            findings.Danger(OnnxRule.Malformed, "model", "it holds no graph");
        }

        root.Walk(graph, "graph");
        CheckOpsets(walk, opsets);
        return version.Length == 0 ? producer : $"{producer} {version}";
    }

    private static void Import(ReadOnlySpan<byte> content, OnnxFindings findings, SortedDictionary<string, long> opsets)
    {
        string domain = OperatorList.Standard;
        long version = 0;
        var fields = new OnnxFields(content, OnnxMessage.OperatorSet, findings, "model.opset_import");
        while (fields.Next())
        {
            if (fields.Field == 1)
            {
                domain = OperatorList.Normal(OnnxText.Name(fields.Content, findings, "model.opset_import"));
            }
            else
            {
                version = (long)fields.Number;
            }
        }

        if (!opsets.TryAdd(domain, version))
        {
            findings.Danger(OnnxRule.Opset, "model.opset_import", $"domain '{Printable.Of(domain)}' is imported twice");
        }

        if (opsets.Count > MostImports)
        {
            throw new OnnxFloodException($"the model imports more than {MostImports} domains");
        }
    }

    private static void CheckOpsets(OnnxWalkState walk, SortedDictionary<string, long> opsets)
    {
        foreach (string domain in walk.Domains.Where(used => OperatorList.HasDomain(used) && !opsets.ContainsKey(used)))
        {
            walk.Findings.Danger(OnnxRule.Opset, "model.opset_import", $"domain '{domain}' is used but not imported");
        }

        foreach ((string domain, long version) in opsets)
        {
            if (!OperatorList.HasDomain(domain))
            {
                walk.Findings.Warning(OnnxRule.OpsetUnused, "model.opset_import", $"domain '{Printable.Of(domain)}' is imported");
            }
            else if (version < 1 || version > OperatorList.NewestOpset(domain))
            {
                walk.Findings.Danger(OnnxRule.Opset, "model.opset_import", $"version {version} of domain '{domain}' was never looked at; 1 to {OperatorList.NewestOpset(domain)} were");
            }
        }
    }
}
