using System.Text.Json;

namespace EdgeDaemon.Core.Protocol;

/// <summary>
/// The tokens of a JSON head, with what <see cref="Utf8JsonReader"/> leaves open: the depth bound as its own refusal,
/// text that is valid after unescaping, and tensor data that is stepped over without being tokenised.
/// </summary>
internal ref struct HeadReader
{
    private readonly ReadOnlySpan<byte> _json;
    private readonly int _maxDepth;
    private Utf8JsonReader _reader;
    private int _base;

    public HeadReader(ReadOnlySpan<byte> json, int maxDepth)
    {
        _json = json;
        _maxDepth = maxDepth;
        _reader = new Utf8JsonReader(json, new JsonReaderOptions
        {
            CommentHandling = JsonCommentHandling.Disallow,
            AllowTrailingCommas = false,

            // One more than allowed, so that it is we who see the level too many and name it.
            MaxDepth = maxDepth + 1,
        });
    }

    public readonly JsonTokenType Token => _reader.TokenType;

    public readonly ReadOnlySpan<byte> Raw => _reader.ValueSpan;

    public readonly bool Boolean => _reader.TokenType == JsonTokenType.True;

    /// <summary>True for a number without fraction and exponent.</summary>
    public readonly bool IsInteger => _reader.TokenType == JsonTokenType.Number && !_reader.ValueSpan.ContainsAny((byte)'.', (byte)'e', (byte)'E');

    /// <summary>False at the end of the document, which <see cref="Utf8JsonReader"/> then has checked for trailing text.</summary>
    public bool Read()
    {
        if (!_reader.Read())
        {
            return false;
        }

        // A depth cap of our own: elsewhere deep JSON recursed until the stack ran out (CVE-2025-23325).
        if (_reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray && _reader.CurrentDepth >= _maxDepth)
        {
            RefusedException.Throw(Refusal.HeadTooDeep, $"JSON is nested more than {_maxDepth} levels");
        }

        return true;
    }

    /// <summary>The value that follows a member's name.</summary>
    public void ReadValue() => Read();

    /// <summary>Steps to the next member's name, or past the object's end (false).</summary>
    public bool NextMember()
    {
        Read();
        return _reader.TokenType == JsonTokenType.PropertyName;
    }

    /// <summary>Steps to the next element, or past the array's end (false).</summary>
    public bool NextElement()
    {
        Read();
        return _reader.TokenType != JsonTokenType.EndArray;
    }

    /// <summary>Steps over the value that the reader stands on.</summary>
    public void Skip()
    {
        if (_reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
        {
            return;
        }

        int depth = _reader.CurrentDepth;
        while (Read() && _reader.CurrentDepth > depth)
        {
        }
    }

    /// <summary>
    /// The unescaped name of a member. Names that no known member can have (longer than the room, or with an unpaired
    /// surrogate) come back as null text: unknown, thus skipped.
    /// </summary>
    public readonly ReadOnlySpan<byte> MemberName(Span<byte> room)
    {
        if (!_reader.ValueIsEscaped)
        {
            return _reader.ValueSpan;
        }

        return _reader.ValueSpan.Length <= room.Length && TryCopyText(room, out int written) ? room[..written] : default;
    }

    /// <summary>Unescapes a string; <paramref name="room"/> holds at least as many bytes as <see cref="Raw"/>. False: unpaired surrogate.</summary>
    public readonly bool TryCopyText(scoped Span<byte> room, out int written)
    {
        if (!_reader.ValueIsEscaped)
        {
            _reader.ValueSpan.CopyTo(room);
            written = _reader.ValueSpan.Length;
            return true;
        }

        try
        {
            written = _reader.CopyString(room);
            return true;
        }
        catch (InvalidOperationException)
        {
            written = 0;
            return false;
        }
    }

    // Not readonly, as the library's are not: the reader would be copied for each number.
    public bool TryGetInt64(out long value) => _reader.TryGetInt64(out value);

    public bool TryGetUInt64(out ulong value) => _reader.TryGetUInt64(out value);

    /// <summary>
    /// Standing on a member's name: when its value is an array, steps over the whole of it and gives its place. The
    /// array's content is not judged here (its depth is): tokenising every number twice would double the cost of a
    /// JSON tensor. False when the value is something else, which is then the current token.
    /// </summary>
    public bool TryReadArrayExtent(out int start, out int length)
    {
        int at = _base + (int)_reader.BytesConsumed;
        while (at < _json.Length && _json[at] is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r')
        {
            at++;
        }

        if (at == _json.Length || _json[at] != '[')
        {
            start = length = 0;
            Read();
            return false;
        }

        int end = JsonArrayExtent.End(_json, at, _maxDepth - _reader.CurrentDepth);

        // The reader gets a null in the array's place and continues behind it with the state of the document.
        var stand = new Utf8JsonReader("null"u8, isFinalBlock: false, _reader.CurrentState);
        stand.Read();
        _reader = new Utf8JsonReader(_json[end..], isFinalBlock: true, stand.CurrentState);
        _base = end;
        start = at;
        length = end - at;
        return true;
    }
}
