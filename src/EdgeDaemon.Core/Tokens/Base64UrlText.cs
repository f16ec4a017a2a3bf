using System.Buffers;
using System.Buffers.Text;

namespace EdgeDaemon.Core.Tokens;

/// <summary>base64url as JOSE has it (RFC 7515 section 2): no padding, no white space, no stray bits in the last character, so that bytes have one spelling.</summary>
public static class Base64UrlText
{
    /// <summary>Null for anything else than the one spelling of some bytes.</summary>
    public static byte[]? TryDecode(ReadOnlySpan<char> text)
    {
        int rest = text.Length % 4;
        if (rest == 1)
        {
            return null;
        }

        foreach (char c in text)
        {
            // The library passes over blanks and takes padding.
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'))
            {
                return null;
            }
        }

        byte[] bytes = new byte[(text.Length / 4 * 3) + (rest == 0 ? 0 : rest - 1)];
        if (Base64Url.DecodeFromChars(text, bytes, out int read, out int written) != OperationStatus.Done || read != text.Length || written != bytes.Length)
        {
            return null;
        }

        // Written again, the last group shows whether its unused bits were zero.
        return rest == 0 || text[^rest..].SequenceEqual(Encode(bytes.AsSpan(bytes.Length - (rest - 1)))) ? bytes : null;
    }

    public static string Encode(ReadOnlySpan<byte> bytes) => Base64Url.EncodeToString(bytes);
}
