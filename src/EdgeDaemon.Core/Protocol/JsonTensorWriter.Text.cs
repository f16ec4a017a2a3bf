using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using EdgeDaemon.Core.Protocol.Numbers;

namespace EdgeDaemon.Core.Protocol;

/// <content>Where the text goes.</content>
internal static partial class JsonTensorWriter
{
    /// <summary>The text of 0 to 255, the first character in the lowest byte: 1 KiB instead of divisions.</summary>
    private static readonly uint[] ByteTexts = [.. Enumerable.Range(0, 256).Select(value => BinaryPrimitives.ReadUInt32LittleEndian(
        Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture).PadRight(4))))];

    /// <summary>A list with commas between its elements, in pieces as the output gives them.</summary>
    private ref struct Text(IBufferWriter<byte> output)
    {
        private Span<byte> _piece;
        private int _at;

        /// <summary>Room for one element, behind a comma that is already written.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Span<byte> Next()
        {
            if (_piece.Length - _at <= DecimalText.Room)
            {
                Renew();
            }

            return _piece[_at..];
        }

        /// <summary>The element that <see cref="Next"/> made room for has so many bytes; a comma follows it, the last one's is taken back.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Took(int length)
        {
            _at += length;
            _piece[_at++] = (byte)',';
        }

        public void Append(ReadOnlySpan<byte> element)
        {
            element.CopyTo(Next());
            Took(element.Length);
        }

        /// <summary>Commits the rest.</summary>
        public void End() => output.Advance(_at == 0 ? 0 : _at - 1); // Every piece keeps its last byte until another follows: the comma to take back is always here.

        private void Renew()
        {
            bool comma = _at > 0;
            output.Advance(comma ? _at - 1 : 0);
            _piece = output.GetSpan(DecimalText.Room + 2);
            _at = 0;
            if (comma)
            {
                _piece[_at++] = (byte)',';
            }
        }
    }
}
