using System.Buffers;
using System.Buffers.Text;

namespace EdgeDaemon.Core.Audit.Notes;

/// <summary>RFC 4648 section 4 with padding, and one text only for one value: no white space, no stray bits.</summary>
internal static class NoteBase64
{
    /// <exception cref="AuditFormatException">The text is not that; <paramref name="what"/> says what it was to be.</exception>
    public static byte[] Decode(ReadOnlySpan<byte> text, string what)
    {
        byte[] bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        if (text.ContainsAny(" \t\r\n"u8) || Base64.DecodeFromUtf8(text, bytes, out int consumed, out int written) != OperationStatus.Done || consumed != text.Length)
        {
            throw new AuditFormatException($"{what} is not base64");
        }

        byte[] again = new byte[Base64.GetMaxEncodedToUtf8Length(written)];
        Base64.EncodeToUtf8(bytes.AsSpan(0, written), again, out _, out int length);
        return text.SequenceEqual(again.AsSpan(0, length)) ? bytes[..written] : throw new AuditFormatException($"{what} is base64 in a form that is not the only one");
    }
}
