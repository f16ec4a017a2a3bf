using System.Globalization;
using System.Text;

namespace EdgeDaemon.Fuzz;

/// <summary>Small changes to good and bad inputs: large ones are refused at the first byte and teach nothing.</summary>
internal sealed class Mutator(IReadOnlyList<byte[]> corpus, IReadOnlyList<byte[]> dictionary, int seed)
{
    private const int LongestCase = 64 * 1024;

    private static readonly string[] Numbers =
        ["0", "-1", "1", "255", "256", "65536", "2147483647", "-2147483648", "4294967296", "9223372036854775807", "9223372036854775808", "1e308", "1e400", "-0", "0.1", "1E-400"];

    private readonly Random _random = new(seed);

    public byte[] Next()
    {
        var bytes = new List<byte>(corpus[_random.Next(corpus.Count)]);
        for (int changes = _random.Next(1, 4); changes > 0; changes--)
        {
            Change(bytes);
        }

        if (bytes.Count > LongestCase)
        {
            bytes.RemoveRange(LongestCase, bytes.Count - LongestCase);
        }

        return [.. bytes];
    }

    private void Change(List<byte> bytes)
    {
        int at = _random.Next(bytes.Count + 1);
        switch (_random.Next(9))
        {
            case 0 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1 when at < bytes.Count:
                bytes[at] = (byte)_random.Next(256);
                break;
            case 2:
                bytes.Insert(at, (byte)_random.Next(256));
                break;
            case 3:
                bytes.RemoveRange(at, Math.Min(_random.Next(1, 9), bytes.Count - at));
                break;
            case 4:
                bytes.InsertRange(at, Piece(bytes));
                break;
            case 5:
                bytes.InsertRange(at, Piece(corpus[_random.Next(corpus.Count)]));
                break;
            case 6 when dictionary.Count > 0:
                bytes.InsertRange(at, dictionary[_random.Next(dictionary.Count)]);
                break;
            case 7:
                ReplaceNumber(bytes, at);
                break;
            case 8 when _random.Next(8) == 0:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
        }
    }

    private byte[] Piece(IReadOnlyList<byte> source)
    {
        if (source.Count == 0)
        {
            return [];
        }

        int from = _random.Next(source.Count);
        int length = Math.Min(_random.Next(1, 33), source.Count - from);
        byte[] piece = new byte[length];
        for (int i = 0; i < length; i++)
        {
            piece[i] = source[from + i];
        }

        return piece;
    }

    private void ReplaceNumber(List<byte> bytes, int from)
    {
        int start = bytes.FindIndex(from, b => b is >= (byte)'0' and <= (byte)'9');
        if (start < 0)
        {
            return;
        }

        int end = start;
        while (end < bytes.Count && bytes[end] is >= (byte)'0' and <= (byte)'9')
        {
            end++;
        }

        string number = _random.Next(2) == 0 ? Numbers[_random.Next(Numbers.Length)] : _random.Next(0, 300).ToString(CultureInfo.InvariantCulture);
        bytes.RemoveRange(start, end - start);
        bytes.InsertRange(start, Encoding.ASCII.GetBytes(number));
    }
}
