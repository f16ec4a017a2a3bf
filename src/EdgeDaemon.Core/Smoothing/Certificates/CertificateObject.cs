using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Core.Smoothing.Certificates;

/// <summary>An object of the schema, taken apart key by key: what is missing, unknown or of another type is an error at its place.</summary>
internal sealed class CertificateObject
{
    /// <summary>The largest has 11.</summary>
    public const int MostKeys = 16;

    private readonly CertificateText _text;
    private readonly CertificateNode _node;
    private readonly string _path;

    /// <param name="path">For messages: <c>noise</c>, or empty for the document.</param>
    /// <param name="keys">All that may stand there.</param>
    public CertificateObject(CertificateText text, CertificateNode node, string path, params ReadOnlySpan<string> keys)
    {
        _text = text;
        _node = node;
        _path = path;
        if (node.Kind != JsonTokenType.StartObject)
        {
            throw text.Fault(node, $"{(path.Length == 0 ? "a certificate" : $"'{path}'")} must be an object");
        }

        foreach (KeyValuePair<string, CertificateNode> member in node.Members)
        {
            if (!keys.Contains(member.Key))
            {
                throw text.Fault(member.Value, $"'{Path(Printable.Of(member.Key))}' is no key of a certificate of format {RobustnessCertificate.Format}");
            }
        }
    }

    public bool Has(string key) => Find(key) is not null;

    public CertificateNode Node(string key) => Find(key) ?? throw _text.Fault(_node, $"'{Path(key)}' is missing");

    public CertificateObject Object(string key, params ReadOnlySpan<string> keys) => new(_text, Node(key), Path(key), keys);

    public CertificateException Fault(string key, string what) => _text.Fault(Node(key), $"'{Path(key)}' {what}");

    /// <summary>1 to <paramref name="longest"/> characters, all printable.</summary>
    public string Text(string key, int longest)
    {
        CertificateNode node = OfKind(key, JsonTokenType.String, "a text");
        return node.Text.Length is 0 || node.Text.Length > longest || node.Text.Any(char.IsControl)
            ? throw _text.Fault(node, $"'{Path(key)}' must have 1 to {longest} printable characters")
            : node.Text;
    }

    public string Hex(string key)
    {
        CertificateNode node = OfKind(key, JsonTokenType.String, "a text");
        return Sha256Hex.Fault(node.Text) is { } fault ? throw _text.Fault(node, $"'{Path(key)}' {fault}") : node.Text;
    }

    public bool Flag(string key) => Node(key).Kind switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False => false,
        _ => throw Fault(key, "must be true or false"),
    };

    public T Choice<T>(string key, params ReadOnlySpan<(string Word, T Value)> choices)
    {
        CertificateNode node = OfKind(key, JsonTokenType.String, "a text");
        foreach ((string word, T value) in choices)
        {
            if (node.Text == word)
            {
                return value;
            }
        }

        var words = new List<string>();
        foreach ((string word, _) in choices)
        {
            words.Add($"\"{word}\"");
        }

        throw _text.Fault(node, $"'{Path(key)}' must be {string.Join(" or ", words)}");
    }

    public long Whole(string key, long least, long most) => Whole(Node(key), Path(key), least, most);

    public int Int(string key, int least, int most) => (int)Whole(key, least, most);

    public double Number(string key, double least, double most) => Number(Node(key), Path(key), least, most);

    /// <summary>Above 0.</summary>
    public double Positive(string key, double most = double.MaxValue) => Number(key, double.Epsilon, most);

    public ImmutableArray<T> Array<T>(string key, int least, int most, Func<CertificateNode, string, T> item)
    {
        CertificateNode node = OfKind(key, JsonTokenType.StartArray, "an array");
        if (node.Items.Count < least || node.Items.Count > most)
        {
            throw _text.Fault(node, $"'{Path(key)}' has {node.Items.Count} elements; {least} to {most} may stand there");
        }

        var items = ImmutableArray.CreateBuilder<T>(node.Items.Count);
        for (int i = 0; i < node.Items.Count; i++)
        {
            items.Add(item(node.Items[i], $"{Path(key)}[{i}]"));
        }

        return items.MoveToImmutable();
    }

    /// <summary>An element that is an object.</summary>
    public CertificateObject Element(CertificateNode node, string path, params ReadOnlySpan<string> keys) => new(_text, node, path, keys);

    public long Whole(CertificateNode node, string path, long least, long most)
    {
        if (node.Kind != JsonTokenType.Number || !long.TryParse(node.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) || node.Text == "-0")
        {
            throw _text.Fault(node, $"'{path}' must be a whole number, written without fraction or exponent");
        }

        return value < least || value > most ? throw _text.Fault(node, $"'{path}' is {value}; {least} to {most} may stand there") : value;
    }

    public double Number(CertificateNode node, string path, double least, double most)
    {
        if (node.Kind != JsonTokenType.Number || !double.TryParse(node.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) || !double.IsFinite(value))
        {
            throw _text.Fault(node, $"'{path}' must be a number that an IEEE double can hold");
        }

        return value < least || value > most
            ? throw _text.Fault(node, string.Create(CultureInfo.InvariantCulture, $"'{path}' is {value:R}; {least:R} to {most:R} may stand there"))
            : value + 0.0; // No -0.
    }

    /// <summary>A [class, count] pair.</summary>
    public ClassCount Pair(CertificateNode node, string path, int classes)
    {
        if (node.Kind != JsonTokenType.StartArray || node.Items.Count != 2)
        {
            throw _text.Fault(node, $"'{path}' must be [class, count]");
        }

        return new ClassCount((int)Whole(node.Items[0], $"{path}[0]", 0, classes - 1), (int)Whole(node.Items[1], $"{path}[1]", 1, int.MaxValue));
    }

    private CertificateNode OfKind(string key, JsonTokenType kind, string what) =>
        Node(key) is { } node && node.Kind == kind ? node : throw Fault(key, $"must be {what}");

    private CertificateNode? Find(string key)
    {
        foreach (KeyValuePair<string, CertificateNode> member in _node.Members)
        {
            if (member.Key == key)
            {
                return member.Value;
            }
        }

        return null;
    }

    private string Path(string key) => _path.Length == 0 ? key : $"{_path}.{key}";
}
