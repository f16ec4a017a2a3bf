using System.Text;

namespace EdgeDaemon.Ctl.Audit;

/// <summary>A text of a record that is asked for: exact, or the beginning of it where the pattern ends in <c>*</c>.</summary>
internal sealed class TextPattern
{
    private readonly byte[] _text;
    private readonly bool _isPrefix;

    public TextPattern(string pattern)
    {
        _isPrefix = pattern.EndsWith('*');
        _text = Encoding.UTF8.GetBytes(_isPrefix ? pattern[..^1] : pattern);
    }

    /// <summary>The whole text, as a redacted value may stand for it; empty for a beginning, of which no HMAC is known.</summary>
    public ReadOnlySpan<byte> Whole => _isPrefix ? default : _text;

    public bool Matches(ReadOnlySpan<byte> text) => _isPrefix ? text.StartsWith(_text) : text.SequenceEqual(_text);
}
