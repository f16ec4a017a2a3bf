using System.Buffers.Text;
using System.Text;

namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>
/// Base64 as DSSE wants it read: standard or URL-safe alphabet, padded or not. No white space and no stray bits in the last
/// character, so that bytes have few spellings.
/// </summary>
internal static class OmsBase64
{
    /// <exception cref="OmsException"><see cref="OmsFault.Base64Malformed"/>.</exception>
    public static byte[] Decode(string text, string what)
    {
        ReadOnlySpan<char> digits = text;
        while (text.Length % 4 == 0 && digits.Length > text.Length - 2 && digits.Length > 0 && digits[^1] == '=')
        {
            digits = digits[..^1];
        }

        if (digits.Length % 4 == 1)
        {
            throw Malformed(what);
        }

        byte[] standard = new byte[(digits.Length + 3) / 4 * 4];
        standard.AsSpan().Fill((byte)'=');
        for (int i = 0; i < digits.Length; i++)
        {
            char c = digits[i];
            standard[i] = c switch
            {
                '-' => (byte)'+',
                '_' => (byte)'/',
                '+' or '/' => (byte)c,
                _ when char.IsAsciiLetterOrDigit(c) => (byte)c,
                _ => throw Malformed(what),
            };
        }

        byte[] bytes = new byte[digits.Length * 3L / 4];
        if (Base64.DecodeFromUtf8(standard, bytes, out _, out int written) != System.Buffers.OperationStatus.Done || written != bytes.Length)
        {
            throw Malformed(what);
        }

        // Writing the last group again shows whether its unused bits were zero.
        if (digits.Length % 4 != 0
            && !Encoding.ASCII.GetBytes(Convert.ToBase64String(bytes.AsSpan(bytes.Length / 3 * 3))).AsSpan().SequenceEqual(standard.AsSpan(^4..)))
        {
            throw Malformed(what);
        }

        return bytes;
    }

    private static OmsException Malformed(string what) => new(OmsFault.Base64Malformed, $"{what} is not base64");
}
