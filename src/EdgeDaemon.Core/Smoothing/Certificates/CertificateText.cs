using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Core.Smoothing.Certificates;

/// <summary>
/// JSON text -> values with places. Two readers must not be able to see two things in one text: UTF-8 only, no name twice in an object, no half surrogate,
/// bounded size and depth, nothing behind the value.
/// </summary>
internal sealed class CertificateText(ReadOnlyMemory<byte> utf8, string file)
{
    /// <summary>The document, a part, an array, an element.</summary>
    private const int MaxDepth = 4;

    public CertificateNode Read()
    {
        if (utf8.Length > RobustnessCertificate.MaxBytes)
        {
            throw new CertificateException($"{file}: has {utf8.Length} bytes; a certificate has at most {RobustnessCertificate.MaxBytes}");
        }

        if (!Utf8.IsValid(utf8.Span))
        {
            throw new CertificateException($"{file}: is not UTF-8");
        }

        var reader = new Utf8JsonReader(utf8.Span, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            reader.Read();
            CertificateNode root = Value(ref reader);
            reader.Read(); // Whatever stands behind the value is an error of the reader's.
            return root;
        }
        catch (JsonException error)
        {
            throw new CertificateException(
                $"{file}:{error.LineNumber + 1}:{error.BytePositionInLine + 1}: is not JSON, or nests deeper than {MaxDepth}; a robustness certificate is expected", error);
        }
    }

    /// <summary>A fault at a value, for throwing.</summary>
    public CertificateException Fault(CertificateNode node, string what) => Fault(node.At, what);

    private CertificateException Fault(int at, string what)
    {
        ReadOnlySpan<byte> before = utf8.Span[..at];
        int line = before.Count((byte)'\n') + 1;
        int column = Encoding.UTF8.GetCharCount(before[(before.LastIndexOf((byte)'\n') + 1)..]) + 1;
        return new CertificateException($"{file}:{line}:{column}: {what}");
    }

    private CertificateNode Value(ref Utf8JsonReader reader)
    {
        int at = (int)reader.TokenStartIndex;
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                return Object(ref reader, at);
            case JsonTokenType.StartArray:
                var array = new CertificateNode(JsonTokenType.StartArray, at);
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    array.Items.Add(Value(ref reader));
                }

                return array;
            case JsonTokenType.String:
                return new CertificateNode(JsonTokenType.String, at) { Text = Unescaped(ref reader, at) };
            case JsonTokenType.Number:
                return new CertificateNode(JsonTokenType.Number, at) { Text = Encoding.ASCII.GetString(reader.ValueSpan) };
            default:
                return new CertificateNode(reader.TokenType, at);
        }
    }

    private CertificateNode Object(ref Utf8JsonReader reader, int at)
    {
        var node = new CertificateNode(JsonTokenType.StartObject, at);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            int nameAt = (int)reader.TokenStartIndex;
            string name = Unescaped(ref reader, nameAt);
            foreach (KeyValuePair<string, CertificateNode> other in node.Members)
            {
                if (other.Key == name)
                {
                    throw Fault(nameAt, $"'{Printable.Of(name)}' stands twice in one object");
                }
            }

            // Checked as it comes: an object of a million names would cost the square of it.
            if (node.Members.Count == CertificateObject.MostKeys)
            {
                throw Fault(nameAt, $"an object of a certificate has at most {CertificateObject.MostKeys} keys");
            }

            reader.Read();
            node.Members.Add(new(name, Value(ref reader)));
        }

        return node;
    }

    private string Unescaped(ref Utf8JsonReader reader, int at)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Fault(at, "holds half of a surrogate pair");
        }
    }
}
