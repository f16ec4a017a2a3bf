using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Fuzz;

/// <summary>
/// JSON numbers against the framework's parser and formatter, which share no code with ours: random FP32 and FP64 patterns as clients
/// spell them are read to the same bits, and written with the framework's shortest digits. One execution is a block of 64 FP32 and 16 FP64.
/// </summary>
internal static class NumberCampaign
{
    public const string Name = "json_numbers";

    private const int Singles = 64;
    private const int Doubles = 16;

    /// <summary>True when nothing was found.</summary>
    public static bool Execute(long executions, int seed)
    {
        var clock = Stopwatch.StartNew();
        int workers = Environment.ProcessorCount;
        long findings = 0;
        Parallel.For(0, workers, worker =>
        {
            var share = new Share(new Random(unchecked((seed * 1_000_003) + worker)));
            for (long i = worker; i < executions; i += workers)
            {
                share.Run(ElementType.Float32, Singles);
                share.Run(ElementType.Float64, Doubles);
            }

            Interlocked.Add(ref findings, share.Findings);
        });
        Console.WriteLine(
            $"{Name}: {executions * Singles} FP32 and {executions * Doubles} FP64 both ways, {findings} findings, {clock.Elapsed.TotalSeconds:F1} s (seed {seed})");
        return findings == 0;
    }

    private sealed class Share(Random random)
    {
        private static readonly ModelHead Model = new("m", "1");
        private static readonly OutputHead Single = new("y", ElementType.Float32);
        private static readonly OutputHead Double = new("y", ElementType.Float64);

        private readonly byte[] _bits = new byte[Singles * 8];
        private readonly byte[] _expected = new byte[Singles * 8];
        private readonly byte[] _read = new byte[Singles * 8];
        private readonly byte[] _json = new byte[Singles * 40];
        private readonly ArrayBufferWriter<byte> _answer = new(Singles * 64);
        private readonly InferResponseWriter _writer = new();

        public long Findings { get; private set; }

        public void Run(ElementType type, int count)
        {
            int bytes = count * type.Size();
            Span<byte> bits = _bits.AsSpan(0, bytes);
            random.NextBytes(bits);
            Settle(type, bits);
            ReadBack(type, count, bits);
            WriteOut(type, count, bits);
        }

        /// <summary>Half are values as models send them; infinities and NaN become ordinary.</summary>
        private void Settle(ElementType type, Span<byte> bits)
        {
            bool usual = random.Next(2) == 0;
            for (int at = 0; at < bits.Length; at += type.Size())
            {
                if (type == ElementType.Float32 && (usual || Math.Abs(BinaryPrimitives.ReadSingleLittleEndian(bits[at..])) is not < 3e38f))
                {
                    BinaryPrimitives.WriteSingleLittleEndian(bits[at..], random.NextSingle() * random.Next(-20, 21));
                }
                else if (type == ElementType.Float64 && (usual || Math.Abs(BinaryPrimitives.ReadDoubleLittleEndian(bits[at..])) is not < 1e308))
                {
                    BinaryPrimitives.WriteDoubleLittleEndian(bits[at..], random.NextDouble() * random.Next(-20, 21));
                }
            }
        }

        private void ReadBack(ElementType type, int count, ReadOnlySpan<byte> bits)
        {
            int size = type.Size();
            int length = 1;
            _json[0] = (byte)'[';
            for (int at = 0; at < bits.Length; at += size)
            {
                string format = random.Next(4) switch { 0 => "E8", 1 => "F6", _ => "R" };
                int written;
                if (type == ElementType.Float64)
                {
                    BinaryPrimitives.ReadDoubleLittleEndian(bits[at..]).TryFormat(_json.AsSpan(length), out written, format == "F6" ? "E15" : format, CultureInfo.InvariantCulture);
                    BinaryPrimitives.WriteDoubleLittleEndian(_expected.AsSpan(at), double.Parse(_json.AsSpan(length, written), CultureInfo.InvariantCulture));
                }
                else
                {
                    // One in four as a double's text: what clients send who keep FP32 in doubles.
                    float value = BinaryPrimitives.ReadSingleLittleEndian(bits[at..]);
                    if (random.Next(4) == 0)
                    {
                        ((double)value).TryFormat(_json.AsSpan(length), out written, "R", CultureInfo.InvariantCulture);
                    }
                    else
                    {
                        value.TryFormat(_json.AsSpan(length), out written, format == "F6" && Math.Abs(value) > 1e6f ? "E6" : format, CultureInfo.InvariantCulture);
                    }

                    BinaryPrimitives.WriteSingleLittleEndian(_expected.AsSpan(at), float.Parse(_json.AsSpan(length, written), CultureInfo.InvariantCulture));
                }

                length += written;
                _json[length++] = (byte)',';
            }

            _json[length - 1] = (byte)']';
            TensorShape.TryCreate([count], out TensorShape shape);
            JsonTensorReader.Read(_json.AsSpan(0, length), type, shape, _read.AsSpan(0, bits.Length));
            if (!_read.AsSpan(0, bits.Length).SequenceEqual(_expected.AsSpan(0, bits.Length)))
            {
                Report($"read otherwise than the framework: {Encoding.ASCII.GetString(_json, 0, length)}");
            }
        }

        private void WriteOut(ElementType type, int count, ReadOnlySpan<byte> bits)
        {
            TensorShape.TryCreate([count], out TensorShape shape);
            _answer.ResetWrittenCount();
            _writer.Begin(_answer, Model, default, false);
            _writer.JsonOutput(type == ElementType.Float32 ? Single : Double, shape, bits);
            _writer.End();
            ReadOnlySpan<byte> text = _answer.WrittenSpan;
            text = text[(text.LastIndexOf((byte)'[') + 1)..];
            text = text[..text.IndexOf((byte)']')];
            Span<byte> theirs = stackalloc byte[40];
            int at = 0;
            foreach (Range range in text.Split((byte)','))
            {
                ReadOnlySpan<byte> mine = text[range];
                int written;
                bool same;
                if (type == ElementType.Float32)
                {
                    float value = BinaryPrimitives.ReadSingleLittleEndian(bits[at..]);
                    value.TryFormat(theirs, out written, "R", CultureInfo.InvariantCulture);
                    same = BitConverter.SingleToInt32Bits(float.Parse(mine, CultureInfo.InvariantCulture)) == BitConverter.SingleToInt32Bits(value);
                }
                else
                {
                    double value = BinaryPrimitives.ReadDoubleLittleEndian(bits[at..]);
                    value.TryFormat(theirs, out written, "R", CultureInfo.InvariantCulture);
                    same = BitConverter.DoubleToInt64Bits(double.Parse(mine, CultureInfo.InvariantCulture)) == BitConverter.DoubleToInt64Bits(value);
                }

                if (!same || Digits(mine) != Digits(theirs[..written]))
                {
                    Report($"written as {Encoding.ASCII.GetString(mine)}, by the framework as {Encoding.ASCII.GetString(theirs[..written])}");
                }

                at += type.Size();
            }

            if (at != bits.Length)
            {
                Report($"{bits.Length} bytes written as {Encoding.ASCII.GetString(text)}");
            }
        }

        /// <summary>The significant digits alone: the two place the point by different rules, and that the value is the same has been seen.</summary>
        private static long Digits(ReadOnlySpan<byte> text)
        {
            long digits = 0;
            foreach (byte c in text)
            {
                if (c is (byte)'e' or (byte)'E')
                {
                    break;
                }

                digits = c is >= (byte)'0' and <= (byte)'9' && digits < 100_000_000_000_000_000 ? (digits * 10) + (c - '0') : digits;
            }

            while (digits != 0 && digits % 10 == 0)
            {
                digits /= 10;
            }

            return digits;
        }

        private void Report(string what)
        {
            if (Findings++ < 5)
            {
                Console.WriteLine($"{Name}: {what}");
            }
        }
    }
}
