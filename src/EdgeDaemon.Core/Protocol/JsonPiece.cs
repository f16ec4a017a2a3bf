using System.Buffers.Text;

namespace EdgeDaemon.Core.Protocol;

/// <summary>A piece of an answer's JSON whose length is bounded beforehand, so that its buffer is asked for room once.</summary>
/// <param name="room">All that will be added fits.</param>
internal ref struct JsonPiece(Span<byte> room)
{
    /// <summary>Digits and sign of an integer of 64 bits.</summary>
    public const int LongestNumber = 20;

    private readonly Span<byte> _room = room;

    /// <summary>Bytes added.</summary>
    public int Length { get; private set; }

    public void Add(ReadOnlySpan<byte> text)
    {
        text.CopyTo(_room[Length..]);
        Length += text.Length;
    }

    public void Add(byte character) => _room[Length++] = character;

    public void Add(long number)
    {
        if ((ulong)number < 10)
        {
            Add((byte)('0' + number)); // Most of a small tensor's dimensions.
            return;
        }

        Utf8Formatter.TryFormat(number, _room[Length..], out int digits);
        Length += digits;
    }
}
