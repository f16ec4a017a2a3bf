using EdgeDaemon.Tests.Bundles.Onnx;
using EdgeDaemon.Tests.Posix.Files;

namespace EdgeDaemon.Tests.Ctl.Commands;

/// <summary>A folder with a key, a trust file and a small bundle "tiny", made by edgectl itself.</summary>
internal sealed class BundleTree : IDisposable
{
    private readonly TestTree _tree = new();

    /// <param name="signed">False stops before the signature.</param>
    public BundleTree(bool signed = true)
    {
        ToolRun.Of("keygen", "--out", Key, "--trust", Trust, "--name", "dev", "--models", "tiny*").Succeeded();
        _tree.Add("tiny/content/model.onnx", OnnxBytes.Model(
            OnnxBytes.Bytes(1, OnnxBytes.Text(1, "x"), OnnxBytes.Text(2, "y"), OnnxBytes.Text(4, "Identity")), OnnxBytes.Port(11, "x", 1, null, 1, 8, 8), OnnxBytes.Port(12, "y", 1, null, 3)));
        _tree.Add("tiny/content/labels.txt", "zero\none\ntwo\n");
        ToolRun.Of("bundle", "init", Bundle, "--name", "tiny").Succeeded();
        if (signed)
        {
            ToolRun.Of("bundle", "sign", Bundle, "--key", Key).Succeeded();
        }
    }

    public string Key => this["dev.key"];

    public string Trust => this["trust.toml"];

    public string Bundle => this["tiny"];

    public string Manifest => this["tiny/content/model.toml"];

    public string this[string name] => _tree[name];

    public ToolRun Verify() => ToolRun.Of("bundle", "verify", Bundle, "--trust", Trust);

    public void Add(string name, string content) => _tree.Add(name, content);

    public void Link(string name, string target) => _tree.Link(name, target);

    /// <summary>Replaces text of the manifest; the text must be there.</summary>
    public void Edit(string from, string to)
    {
        string text = File.ReadAllText(Manifest);
        StringAssert.Contains(text, from);
        File.WriteAllText(Manifest, text.Replace(from, to, StringComparison.Ordinal));
    }

    public void Dispose() => _tree.Dispose();
}
