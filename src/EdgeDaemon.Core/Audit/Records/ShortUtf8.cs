using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text.Unicode;

namespace EdgeDaemon.Core.Audit.Records;

/// <summary>Whether a record's text is UTF-8. Nearly all are a few bytes of ASCII, and the framework's look at so few is mostly its call.</summary>
internal static class ShortUtf8
{
    private const int Short = 64;
    private const ulong NotAscii = 0x8080_8080_8080_8080;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsValid(ReadOnlySpan<byte> text) => (text.Length <= Short && IsAscii(text)) || Utf8.IsValid(text);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsAscii(ReadOnlySpan<byte> text)
    {
        ulong any = 0;
        if (text.Length < sizeof(ulong))
        {
            foreach (byte value in text)
            {
                any |= value;
            }

            return any < 0x80;
        }

        // The last word overlaps the one before.
        ReadOnlySpan<byte> last = text[^sizeof(ulong)..];
        for (; text.Length >= sizeof(ulong); text = text[sizeof(ulong)..])
        {
            any |= BinaryPrimitives.ReadUInt64LittleEndian(text);
        }

        return ((any | BinaryPrimitives.ReadUInt64LittleEndian(last)) & NotAscii) == 0;
    }
}
