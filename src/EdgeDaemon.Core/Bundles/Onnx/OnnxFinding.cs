namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>How much a finding matters.</summary>
public enum FindingSeverity
{
    Info,
    Warning,
    Danger,
}

/// <summary>What can be found; the README beside this file has a row for each.</summary>
public enum OnnxRule
{
    Malformed,
    NotCanonical,
    UnknownField,
    FieldTwice,
    TooDeep,
    TooMany,
    Text,
    ExternalData,
    TensorData,
    TensorType,
    Attribute,
    Domain,
    Operator,
    ControlFlow,
    Functions,
    Training,
    Opset,
    OpsetUnused,
    Names,
    Folding,
    SizeFromData,
    Metadata,
    Interface,
    Overridable,
    NativeCode,
    PrivateKey,
}

/// <summary>One finding. <paramref name="Place"/> is the path in the file, <paramref name="Detail"/> is printable.</summary>
public sealed record OnnxFinding(OnnxRule Rule, FindingSeverity Severity, string Place, string Detail)
{
    /// <summary>The code as it is written everywhere: lower_snake.</summary>
    public string Code { get; } = CodeOf(Rule);

    public override string ToString() => $"{Code} at {Place}: {Detail}";

    private static string CodeOf(OnnxRule rule) =>
        string.Concat(rule.ToString().Select((c, i) => char.IsUpper(c) ? (i == 0 ? "" : "_") + char.ToLowerInvariant(c) : c.ToString()));
}
