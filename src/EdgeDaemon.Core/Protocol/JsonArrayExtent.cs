using System.Buffers;

namespace EdgeDaemon.Core.Protocol;

/// <summary>Finds where a JSON array ends by its brackets and strings alone; what lies between them is judged by its reader.</summary>
internal static class JsonArrayExtent
{
    private static readonly SearchValues<byte> Structure = SearchValues.Create("[]\""u8);
    private static readonly SearchValues<byte> StringEnd = SearchValues.Create("\"\\"u8);

    /// <summary>The index behind the bracket that closes the one at <paramref name="start"/>.</summary>
    /// <exception cref="RefusedException">No such bracket, or more than <paramref name="maxDepth"/> levels.</exception>
    public static int End(ReadOnlySpan<byte> json, int start, int maxDepth)
    {
        int depth = 0;
        int at = start;
        while (true)
        {
            int step = json[at..].IndexOfAny(Structure);
            if (step < 0)
            {
                RefusedException.Throw(Refusal.HeadMalformedJson, "an array in the head does not end");
            }

            at += step;
            switch (json[at++])
            {
                case (byte)'[':
                    if (++depth > maxDepth)
                    {
                        RefusedException.Throw(Refusal.HeadTooDeep, "tensor data are nested too deep");
                    }

                    break;
                case (byte)']':
                    if (--depth == 0)
                    {
                        return at;
                    }

                    break;
                default:
                    at = EndOfString(json, at);
                    break;
            }
        }
    }

    /// <summary>The index behind the quote that ends the string whose first character is at <paramref name="at"/>.</summary>
    private static int EndOfString(ReadOnlySpan<byte> json, int at)
    {
        while (true)
        {
            int step = json[at..].IndexOfAny(StringEnd);
            if (step < 0 || at + step + 1 >= json.Length)
            {
                RefusedException.Throw(Refusal.HeadMalformedJson, "a string in the head does not end");
            }

            at += step;
            if (json[at] == '"')
            {
                return at + 1;
            }

            at += 2;
        }
    }
}
