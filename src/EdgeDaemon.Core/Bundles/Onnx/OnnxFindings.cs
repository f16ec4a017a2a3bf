namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>Collects findings, a bounded number: a hostile file must not fill memory with complaints about itself.</summary>
internal sealed class OnnxFindings
{
    public const int Most = 100;

    private readonly List<OnnxFinding> _found = [];
    private readonly HashSet<OnnxRule> _rules = [];

    public IReadOnlyList<OnnxFinding> Found => _found;

    public void Danger(OnnxRule rule, string place, string detail) => Add(rule, FindingSeverity.Danger, place, detail);

    public void Warning(OnnxRule rule, string place, string detail) => Add(rule, FindingSeverity.Warning, place, detail);

    public void Info(OnnxRule rule, string place, string detail) => Add(rule, FindingSeverity.Info, place, detail);

    private void Add(OnnxRule rule, FindingSeverity severity, string place, string detail)
    {
        // The first of each kind is never crowded out by the others.
        if (_rules.Add(rule) || _found.Count < Most)
        {
            _found.Add(new OnnxFinding(rule, severity, place, detail));
        }
    }
}
