using System.Runtime.CompilerServices;

namespace EdgeDaemon.Core.Protocol;

/// <summary>A place in JSON bytes.</summary>
internal ref struct JsonCursor(ReadOnlySpan<byte> json)
{
    public readonly ReadOnlySpan<byte> Json = json;
    public int At;

    /// <summary>The byte at the cursor; 0, which no JSON text holds, at the end.</summary>
    public readonly byte Current
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (uint)At < (uint)Json.Length ? Json[At] : (byte)0;
    }

    /// <summary>True where a number or literal may end: white space, comma, closing bracket, end.</summary>
    public readonly bool AtDelimiter => Current is (byte)',' or (byte)']' or (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t' || At == Json.Length;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void SkipWhiteSpace()
    {
        // One comparison for the usual case that none is there.
        while (Current <= ' ' && Current is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            At++;
        }
    }

    /// <summary>Steps over <paramref name="text"/> when it stands here.</summary>
    public bool TryTake(scoped ReadOnlySpan<byte> text)
    {
        if (!Json[At..].StartsWith(text))
        {
            return false;
        }

        At += text.Length;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTake(byte value)
    {
        if (Current != value || At == Json.Length)
        {
            return false;
        }

        At++;
        return true;
    }
}
