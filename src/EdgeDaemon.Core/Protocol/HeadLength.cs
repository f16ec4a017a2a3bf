namespace EdgeDaemon.Core.Protocol;

/// <summary>The header <c>Inference-Header-Content-Length</c>: bytes of the JSON head, 0 for a raw binary request.</summary>
public static class HeadLength
{
    public const string HeaderName = "Inference-Header-Content-Length";

    /// <summary>1 to 19 decimal digits with a value up to 2^63-1, and nothing else: no sign, no white space.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out long length)
    {
        length = 0;
        if (text.Length is 0 or > 19)
        {
            return false;
        }

        ulong value = 0;
        foreach (char c in text)
        {
            if (!char.IsAsciiDigit(c))
            {
                return false;
            }

            // Nineteen digits stay below 2^64.
            value = (value * 10) + (ulong)(c - '0');
        }

        length = (long)value;
        return value <= long.MaxValue;
    }
}
