using System.Globalization;
using System.Text;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Benchmarks.Json;

/// <summary>Numbers as clients send them: one data array, its text and its type.</summary>
internal sealed record NumberSet(string Name, ElementType Type, int Count, byte[] Text)
{
    private const int RowLength = 3;

    /// <summary>Elements of an innermost array; all of them when the data are flat.</summary>
    public int Row { get; init; } = Count;

    public static NumberSet[] All(int count)
    {
        var random = new Random(20261121);
        NumberSet Of(string name, ElementType type, Func<string> next) =>
            new(name, type, count, Encoding.ASCII.GetBytes($"[{string.Join(',', Enumerable.Range(0, count).Select(_ => next()))}]"));
        NumberSet Nested(string name, ElementType type, Func<string> next)
        {
            var rows = Enumerable.Range(0, count / RowLength).Select(_ => $"[{string.Join(", ", Enumerable.Range(0, RowLength).Select(_ => next()))}]");
            return new(name, type, count / RowLength * RowLength, Encoding.ASCII.GetBytes($"[{string.Join(", ", rows)}]")) { Row = RowLength };
        }

        string Text(FormattableString value) => value.ToString(CultureInfo.InvariantCulture);
        return
        [
            Of("fp32 0-1, shortest text", ElementType.Float32, () => Text($"{(float)random.NextDouble():R}")),
            Of("fp32 0-1, 6 decimals", ElementType.Float32, () => Text($"{random.NextDouble():F6}")),
            Of("fp32 0-1, a double's 17 digits", ElementType.Float32, () => Text($"{(double)(float)random.NextDouble():R}")),
            Of("fp32 logits", ElementType.Float32, () => Text($"{(float)((random.NextDouble() - 0.5) * 20):R}")),
            Of("fp32, image 0-255", ElementType.Float32, () => Text($"{random.Next(256)}")),
            Of("uint8, image 0-255", ElementType.UInt8, () => Text($"{random.Next(256)}")),
            Of("int64, token ids", ElementType.Int64, () => Text($"{random.Next(50_000)}")),
            Of("fp64 0-1, shortest text", ElementType.Float64, () => Text($"{random.NextDouble():R}")),
            Nested("fp32 0-1, 6 decimals, rows of 3, spaces", ElementType.Float32, () => Text($"{random.NextDouble():F6}")),
            Of("fp16 0-1", ElementType.Float16, () => Text($"{(Half)random.NextDouble():R}")),
            Of("bf16 0-1", ElementType.BFloat16, () => Text($"{(float)random.NextDouble():F3}")),
        ];
    }
}
