using System.Text;

namespace EdgeDaemon.Listeners;

/// <summary>
/// HTTP/2's <c>:authority</c>, which nothing here reads. Clients of a Unix socket put its path there (hyperium/h2#442, grpc/grpc-go#3730), and the server resets a call whose
/// authority is no host's name. So of anything but a plain name and port nothing is decoded: an empty authority is one that the server takes.
/// </summary>
internal sealed class UnreadAuthority : Encoding
{
    private const string Name = ":authority";

    private const int MostPortDigits = 5;

    private static readonly UnreadAuthority Instance = new();

    /// <summary>For the server's <c>RequestHeaderEncodingSelector</c>; null is its own way of reading a header.</summary>
    public static Encoding? For(string header) => header == Name ? Instance : null;

    // A name that is decoded as it stands is kept from call to call of a connection, and costs nothing then.
    public override int GetCharCount(byte[] bytes, int index, int count) => IsName(bytes.AsSpan(index, count)) ? count : 0;

    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex) =>
        IsName(bytes.AsSpan(byteIndex, byteCount)) ? ASCII.GetChars(bytes, byteIndex, byteCount, chars, charIndex) : 0;

    public override int GetMaxCharCount(int byteCount) => byteCount;

    public override int GetByteCount(char[] chars, int index, int count) => count;

    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) => ASCII.GetBytes(chars, charIndex, charCount, bytes, byteIndex);

    public override int GetMaxByteCount(int charCount) => charCount;

    private static bool IsName(ReadOnlySpan<byte> text)
    {
        int colon = text.IndexOf((byte)':');
        ReadOnlySpan<byte> port = colon < 0 ? "0"u8 : text[(colon + 1)..];
        foreach (byte one in colon < 0 ? text : text[..colon])
        {
            if (!char.IsAsciiLetterOrDigit((char)one) && one is not ((byte)'.' or (byte)'-' or (byte)'_'))
            {
                return false;
            }
        }

        return port.Length is > 0 and <= MostPortDigits && !port.ContainsAnyExceptInRange((byte)'0', (byte)'9');
    }
}
