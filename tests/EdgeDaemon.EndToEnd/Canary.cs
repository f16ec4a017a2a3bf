using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace EdgeDaemon.EndToEnd;

/// <summary>Four random numbers over and over: what a tenant sends so that it can be told from everything else, and what each step of <see cref="MirrorModel"/> makes of it.</summary>
/// <param name="route">The way on which it is sent: a hit names it.</param>
internal sealed class Canary(string route)
{
    public string Route => route;

    private readonly int[] _numbers = [.. Enumerable.Range(0, 4).Select(_ => RandomNumberGenerator.GetInt32(100_000_000, 1_000_000_000))];

    public byte[] Bytes(int rows) => MemoryMarshal.AsBytes(Numbers(rows)).ToArray();

    public string Text(int rows) => string.Join(',', Numbers(rows).ToArray().Select(number => number.ToString(CultureInfo.InvariantCulture)));

    public ulong[] Words(int rows) => [.. Numbers(rows).ToArray().Select(number => (ulong)number)];

    /// <summary>What must have come back, in bytes: a search for what was never there proves nothing.</summary>
    public byte[] AnswerBytes(int rows) => MemoryMarshal.AsBytes(Made(Numbers(rows), MirrorModel.Both).AsSpan()).ToArray();

    public string AnswerText(int rows) => string.Join(',', Made(Numbers(rows), MirrorModel.Both).Select(number => number.ToString(CultureInfo.InvariantCulture)));

    /// <summary>What is looked for: each number's bytes beside the next's, and two numbers' digits with the comma between, as bytes and as UTF-16.</summary>
    public IEnumerable<(string What, byte[] Needle)> Needles()
    {
        foreach ((string stage, int added) in ((string, int)[])[("input", 0), ("activation", MirrorModel.First), ("output", MirrorModel.Both)])
        {
            int[] numbers = Made(_numbers, added);
            yield return ($"{route}: {stage}, bytes", MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray());
            string text = string.Create(CultureInfo.InvariantCulture, $"{numbers[1]},{numbers[2]}");
            yield return ($"{route}: {stage}, digits", Encoding.ASCII.GetBytes(text));
            yield return ($"{route}: {stage}, digits as UTF-16", Encoding.Unicode.GetBytes(text));
        }
    }

    private static int[] Made(ReadOnlySpan<int> numbers, int added)
    {
        int[] made = new int[numbers.Length];
        for (int i = 0; i < made.Length; i++)
        {
            made[i] = numbers[i] + added;
        }

        return made;
    }

    private Span<int> Numbers(int rows)
    {
        int[] all = new int[rows * MirrorModel.Columns];
        for (int i = 0; i < all.Length; i++)
        {
            all[i] = _numbers[i % _numbers.Length];
        }

        return all;
    }
}
