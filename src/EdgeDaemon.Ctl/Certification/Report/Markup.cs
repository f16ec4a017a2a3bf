using System.Globalization;
using System.Text;

namespace EdgeDaemon.Ctl.Certification.Report;

/// <summary>
/// XML written piece by piece, the only way in which text gets into a report. Labels, names and settings come from others and are hostile: every one is
/// escaped here, and what no XML document may hold is replaced.
/// </summary>
internal sealed class Markup
{
    private readonly StringBuilder _text = new();
    private readonly Stack<string> _open = new();

    public override string ToString() => _open.Count == 0 ? _text.ToString() : throw new InvalidOperationException($"<{_open.Peek()}> is still open.");

    /// <summary>Opens an element. Numbers among the attributes' values are written with at most two decimals.</summary>
    public Markup Open(string element, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        Tag(element, attributes).Append('>');
        _open.Push(element);
        return this;
    }

    public Markup Close()
    {
        _text.Append("</").Append(_open.Pop()).Append('>');
        return this;
    }

    /// <summary>An element without content.</summary>
    public Markup Empty(string element, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        Tag(element, attributes).Append("/>");
        return this;
    }

    /// <summary>An element with text alone.</summary>
    public Markup Leaf(string element, string text, params ReadOnlySpan<(string Name, object Value)> attributes) => Open(element, attributes).Text(text).Close();

    public Markup Text(string text)
    {
        Escape(text);
        return this;
    }

    public Markup Line()
    {
        _text.Append('\n');
        return this;
    }

    /// <summary>What another one wrote.</summary>
    public Markup Add(Markup other)
    {
        _text.Append(other);
        return this;
    }

    private StringBuilder Tag(string element, ReadOnlySpan<(string Name, object Value)> attributes)
    {
        _text.Append('<').Append(element);
        foreach ((string name, object value) in attributes)
        {
            _text.Append(' ').Append(name).Append("=\"");
            Escape(value is double number ? (number + 0.0).ToString("0.##", CultureInfo.InvariantCulture) : Convert.ToString(value, CultureInfo.InvariantCulture)!);
            _text.Append('"');
        }

        return _text;
    }

    private void Escape(string text)
    {
        foreach (Rune rune in text.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '&':
                    _text.Append("&amp;");
                    break;
                case '<':
                    _text.Append("&lt;");
                    break;
                case '>':
                    _text.Append("&gt;");
                    break;
                case '"':
                    _text.Append("&quot;");
                    break;
                case '\'':
                    _text.Append("&#39;");
                    break;
                case < 0x20 or (>= 0x7f and < 0xa0) or 0xfffe or 0xffff:
                // Direction marks: what a reader sees would stand in another order than what is there.
                case (>= 0x202a and <= 0x202e) or (>= 0x2066 and <= 0x2069) or 0x200e or 0x200f:
                    _text.Append('\ufffd');
                    break;
                default:
                    _text.Append(rune.ToString());
                    break;
            }
        }
    }
}
