using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Tests.Protocol;

[TestClass]
public sealed class JsonTensorReaderTests
{
    [TestMethod]
    public void Flat_and_nested_arrays_give_the_same_tensor()
    {
        byte[] expected = [1, 2, 3, 4, 5, 6, 7, 8];
        CollectionAssert.AreEqual(expected, Refuse.Tensor(ElementType.UInt8, [2, 2, 2], "[1,2,3,4,5,6,7,8]"));
        CollectionAssert.AreEqual(expected, Refuse.Tensor(ElementType.UInt8, [2, 2, 2], "[[[1,2],[3,4]],[[5,6],[7,8]]]"));
        CollectionAssert.AreEqual(expected, Refuse.Tensor(ElementType.UInt8, [2, 2, 2], " [ [ [1 ,2 ] , [ 3,4] ],\n[[5\t,6],\r[7,8] ] ] "));
        CollectionAssert.AreEqual(new byte[] { 9 }, Refuse.Tensor(ElementType.UInt8, [], "[9]"));
        Assert.IsEmpty(Refuse.Tensor(ElementType.UInt8, [2, 0], "[[],[]]"));
        Assert.IsEmpty(Refuse.Tensor(ElementType.UInt8, [2, 0], "[ ]"));
        Assert.IsEmpty(Refuse.Tensor(ElementType.UInt8, [0, 2], "[]"));
        Assert.IsEmpty(Refuse.Tensor(ElementType.UInt8, [2, 0, 5], "[[],[]]"));
        string deep = new string('[', 16) + "7" + new string(']', 16);
        CollectionAssert.AreEqual(new byte[] { 7 }, Refuse.Tensor(ElementType.UInt8, [.. Enumerable.Repeat(1L, 16)], deep));
    }

    [TestMethod]
    public void Refuses_wrong_element_counts()
    {
        foreach (string bad in (string[])["[]", "[1]", "[1,2,3]", "[1,2,3,4,5]", "[[1,2]]", "[[1,2],[3]]", "[[1,2],[3,4],[5,6]]", "[[1,2,3],[4]]", "[[],[]]"])
        {
            Refuse.Data(Refusal.InputWrongElementCount, ElementType.Float32, [2, 2], bad);
        }
    }

    [TestMethod]
    public void Refuses_nesting_that_is_not_the_shapes()
    {
        foreach (string bad in (string[])["[[[1],[2]],[[3],[4]]]", "[1,[2],3,4]", "[[1,2],3,4]", "[[1,[2]],[3,4]]"])
        {
            Refuse.Data(Refusal.InputWrongShape, ElementType.Float32, [2, 2], bad);
        }

        Refuse.Data(Refusal.InputWrongShape, ElementType.Float32, [1], "[[1]]");
        Refuse.Data(Refusal.InputWrongShape, ElementType.Float32, [], "[[1]]");
    }

    [TestMethod]
    public void Refuses_broken_arrays()
    {
        Refuse.Tensor(ElementType.Float32, [2], "[1,2]");
        foreach (string bad in (string[])["[1,2", "[1,2,]", "[,1,2]", "[1,,2]", "[1,2]]", "[1,2] x", "[1,2}", "", "1,2", "{\"0\":1}", "[1 2]"])
        {
            Assert.ThrowsExactly<RefusedException>(() => Refuse.Tensor(ElementType.Float32, [2], bad), bad);
        }
    }

    [TestMethod]
    public void Refuses_numbers_that_are_not_json()
    {
        foreach (string bad in (string[])
            [
                "NaN", "Infinity", "-Infinity", "nan", "inf", "+1", "01", "-", "-01", ".5", "1.", "1.e1", "1e", "1e+", "0x10", "1_000", "\"1\"", "null", "true", "1f", "--1", "1-", "\u0661",
            ])
        {
            Refuse.Data(Refusal.InputNumberInvalid, ElementType.Float32, [1], $"[{bad}]");
            Refuse.Data(Refusal.InputNumberInvalid, ElementType.Float16, [1], $"[{bad}]");
            Refuse.Data(Refusal.InputNumberInvalid, ElementType.Int64, [1], $"[{bad}]");
        }
    }

    [TestMethod]
    public void Integers_are_whole_and_in_range()
    {
        (ElementType Type, BigInteger Min, BigInteger Max)[] types =
        [
            (ElementType.UInt8, 0, byte.MaxValue), (ElementType.UInt16, 0, ushort.MaxValue), (ElementType.UInt32, 0, uint.MaxValue), (ElementType.UInt64, 0, ulong.MaxValue),
            (ElementType.Int8, sbyte.MinValue, sbyte.MaxValue), (ElementType.Int16, short.MinValue, short.MaxValue),
            (ElementType.Int32, int.MinValue, int.MaxValue), (ElementType.Int64, long.MinValue, long.MaxValue),
        ];
        foreach ((ElementType type, BigInteger min, BigInteger max) in types)
        {
            foreach (BigInteger value in (BigInteger[])[min, max, 0, 1, max - 1, max / 10])
            {
                byte[] bytes = Refuse.Tensor(type, [1], $"[{value}]");
                Assert.AreEqual(value, new BigInteger(bytes, isUnsigned: min.IsZero), type.ToString());
            }

            Assert.AreEqual(0, new BigInteger(Refuse.Tensor(type, [1], "[-0]")));
            foreach (BigInteger bad in (BigInteger[])[min - 1, max + 1, max * 10, max * 100, BigInteger.Pow(10, 400), -BigInteger.Pow(10, 400)])
            {
                Refuse.Data(Refusal.InputNumberOutOfRange, type, [1], $"[{bad}]");
            }

            foreach (string bad in (string[])["1.0", "1e0", "0.5", "-0.0", "1E2"])
            {
                Refuse.Data(Refusal.InputNumberInvalid, type, [1], $"[{bad}]");
            }
        }
    }

    [TestMethod]
    public void Booleans_are_true_false_one_or_zero()
    {
        CollectionAssert.AreEqual(new byte[] { 1, 0, 1, 0 }, Refuse.Tensor(ElementType.Bool, [4], "[true,false, 1 ,0]"));
        foreach (string bad in (string[])["2", "-1", "1.0", "\"true\"", "null", "True", "truex", "10", "00", "tru"])
        {
            Refuse.Data(Refusal.InputNumberInvalid, ElementType.Bool, [1], $"[{bad}]");
        }
    }

    [TestMethod]
    public void Refuses_floats_beyond_the_largest()
    {
        (ElementType Type, string Largest, string Beyond)[] types =
        [
            (ElementType.Float16, "65519.999", "65520"), (ElementType.Float32, "3.4028235677973366e38", "3.4028235677973367e38"),
            (ElementType.BFloat16, "3.396e38", "3.3961775292304957e38"), (ElementType.Float64, "1.7976931348623158e308", "1.7976931348623159e308"),
        ];
        foreach ((ElementType type, string largest, string beyond) in types)
        {
            if (type == ElementType.Float32)
            {
                // 2^128 - 2^103 is exactly between the largest value and the infinity: 340282356779733661637539395458142568448.
                Refuse.Tensor(type, [1], "[340282356779733661637539395458142568447.9]");
                Refuse.Data(Refusal.InputNumberOutOfRange, type, [1], "[340282356779733661637539395458142568448]");
            }
            else
            {
                Refuse.Tensor(type, [1], $"[{largest}]");
            }

            foreach (string bad in (string[])[beyond, "-" + beyond, "1e999", "-1e99999999999999999999", "1" + new string('0', 5000)])
            {
                Refuse.Data(Refusal.InputNumberOutOfRange, type, [1], $"[{bad}]");
            }

            // What balances its own exponent is in range, however it is written.
            byte[] one = Refuse.Tensor(type, [1], "[1]");
            CollectionAssert.AreEqual(one, Refuse.Tensor(type, [1], "[0." + new string('0', 20_000) + "1e20001]"));
            CollectionAssert.AreEqual(one, Refuse.Tensor(type, [1], "[1" + new string('0', 20_000) + "e-20000]"));
            CollectionAssert.AreEqual(new byte[type.Size()], Refuse.Tensor(type, [1], "[1e-99999999999999999999]"));
            CollectionAssert.AreEqual(new byte[type.Size()], Refuse.Tensor(type, [1], "[0e99999999999999999999]"));
        }
    }

    [TestMethod]
    public void Sixteen_bit_floats_round_once_at_every_middle()
    {
        // Between every pair of neighbours: the exact middle goes to even, a hair to either side goes there, though a
        // double cannot tell the three apart.
        foreach (ElementType type in (ElementType[])[ElementType.Float16, ElementType.BFloat16])
        {
            int infinity = type == ElementType.Float16 ? 0x7c00 : 0x7f80;
            for (int bits = 0; bits < infinity; bits += type == ElementType.Float16 ? 1 : 3)
            {
                double low = Value(type, bits);
                double high = bits + 1 == infinity ? (type == ElementType.Float16 ? 65536.0 : Math.ScaleB(1, 128)) : Value(type, bits + 1);
                string middle = Exact(low + ((high - low) / 2));
                string above = middle + "00000000000000000000000000000000000000000000001";
                int even = (bits & 1) == 0 ? bits : bits + 1;
                Check(type, middle, even, infinity);
                Check(type, above, bits + 1, infinity);
                Check(type, Below(middle), bits, infinity);
            }
        }
    }

    [TestMethod]
    public void Text_of_every_kind_rounds_as_exact_arithmetic_does()
    {
        var random = new Random(11);
        for (int round = 0; round < 40_000; round++)
        {
            string text = RandomNumber(random);
            foreach (ElementType type in (ElementType[])[ElementType.Float32, ElementType.Float64, ElementType.Float16])
            {
                byte[] bytes;
                try
                {
                    bytes = Refuse.Tensor(type, [1], $"[{text}]");
                }
                catch (RefusedException e) when (e.Refusal == Refusal.InputNumberOutOfRange)
                {
                    bytes = [];
                }

                byte[] expected = new byte[type.Size()];
                bool finite;
                switch (type)
                {
                    case ElementType.Float32:
                        float single = float.Parse(text);
                        finite = float.IsFinite(single);
                        BinaryPrimitives.WriteSingleLittleEndian(expected, single);
                        break;
                    case ElementType.Float64:
                        double real = double.Parse(text);
                        finite = double.IsFinite(real);
                        BinaryPrimitives.WriteDoubleLittleEndian(expected, real);
                        break;
                    default:
                        Half half = Half.Parse(text);
                        finite = Half.IsFinite(half);
                        BinaryPrimitives.WriteHalfLittleEndian(expected, half);
                        break;
                }

                CollectionAssert.AreEqual(finite ? expected : [], bytes, $"{type} {text}");
            }
        }
    }

    [TestMethod]
    public void Doubles_round_their_middles_to_even_however_they_are_written()
    {
        // 2^65 + 2^12 is between two doubles. System.Buffers.Text.Utf8Parser rounds it up when a zero follows the point.
        foreach (string middle in (string[])["36893488147419107328", "36893488147419107328.0", "368934881474191073280e-1", "3.68934881474191073280000e19"])
        {
            CollectionAssert.AreEqual(BitConverter.GetBytes(36893488147419103232.0), Refuse.Tensor(ElementType.Float64, [1], $"[{middle}]"), middle);
        }

        byte[] above = BitConverter.GetBytes(Math.BitIncrement(36893488147419103232.0));
        CollectionAssert.AreEqual(above, Refuse.Tensor(ElementType.Float64, [1], "[36893488147419107328.0000000000000001]"));
        CollectionAssert.AreEqual(above, Refuse.Tensor(ElementType.Float64, [1], "[36893488147419107328." + new string('0', 2000) + "1]"));
    }

    [TestMethod]
    public void Single_floats_round_once_around_their_middles()
    {
        var random = new Random(5);
        for (int round = 0; round < 20_000; round++)
        {
            uint bits = (uint)random.NextInt64(0, 0x7f800000);
            if (round < 300)
            {
                bits = (uint)round;
            }

            double low = BitConverter.UInt32BitsToSingle(bits);
            double high = bits + 1 == 0x7f800000 ? Math.ScaleB(1, 128) : BitConverter.UInt32BitsToSingle(bits + 1);
            string middle = Exact(low + ((high - low) / 2));
            Check(ElementType.Float32, middle, (int)(bits + (bits & 1)), 0x7f800000);
            Check(ElementType.Float32, middle + "0000000000000000000000000000000000000000001", (int)bits + 1, 0x7f800000);
            Check(ElementType.Float32, Below(middle), (int)bits, 0x7f800000);
        }
    }

    [TestMethod]
    public void Strings_become_length_and_text()
    {
        const string Data = """["", "a", "é\n\u00e9\ud83d\ude00\"\\\/\b\f\r\t", "]"]""";
        byte[] bytes = Refuse.Tensor(ElementType.Bytes, [2, 2], Data);
        var elements = new List<string>();
        ReadOnlySpan<byte> rest = bytes;
        while (BytesTensor.TryTake(ref rest, out ReadOnlySpan<byte> element))
        {
            elements.Add(Encoding.UTF8.GetString(element));
        }

        Assert.IsTrue(rest.IsEmpty);
        CollectionAssert.AreEqual(new[] { "", "a", "é\né😀\"\\/\b\f\r\t", "]" }, elements);
        CollectionAssert.AreEqual(bytes, Refuse.Tensor(ElementType.Bytes, [2, 2], """[["","a"],["é\n\u00E9\uD83D\uDE00\u0022\u005c/\u0008\u000c\u000d\u0009","]"]]"""));
    }

    [TestMethod]
    public void Refuses_strings_that_are_no_text()
    {
        Refuse.Data(Refusal.HeadWrongFieldType, ElementType.Bytes, [1], "[1]");
        Refuse.Data(Refusal.HeadWrongFieldType, ElementType.Bytes, [1], "[null]");
        foreach (string bad in (string[])["\\ud800", "\\udc00", "\\ud800\\ud800", "\\ud800x", "\\ud800\\n"])
        {
            Refuse.Data(Refusal.InputTextInvalid, ElementType.Bytes, [1], $"[\"{bad}\"]");
        }

        foreach (string bad in (string[])["\\x", "\\u12", "\\u12g4", "\n", "\u0000", "\\", "\\u", "\\U0041"])
        {
            Refuse.Data(Refusal.HeadMalformedJson, ElementType.Bytes, [1], $"[\"{bad}\"]");
        }

        Refuse.With(Refusal.InputTextInvalid, () => JsonTensorReader.MeasureBytes([(byte)'[', (byte)'"', 0xff, (byte)'"', (byte)']'], Refuse.Shape(1)));
    }

    [TestMethod]
    public void Refuses_shapes_that_the_json_cannot_fill_before_memory_is_taken()
    {
        Assert.AreEqual(8, JsonTensorReader.Measure("[1,2]"u8, ElementType.Float32, Refuse.Shape(2)));
        Assert.AreEqual(0, JsonTensorReader.Measure("[]"u8, ElementType.Float32, Refuse.Shape(0, 1L << 40)));
        Refuse.With(Refusal.InputWrongElementCount, () => JsonTensorReader.Measure("[1,2]"u8, ElementType.Float32, Refuse.Shape(3)));
        Refuse.With(Refusal.InputWrongElementCount, () => JsonTensorReader.Measure("[]"u8, ElementType.UInt8, Refuse.Shape(1L << 62)));
        Refuse.With(Refusal.InputWrongElementCount, () => JsonTensorReader.Measure("[]"u8, ElementType.Bytes, Refuse.Shape(1L << 40)));
    }

    [TestMethod]
    public void A_destination_of_another_size_is_the_callers_mistake()
    {
        Assert.ThrowsExactly<ArgumentException>(() => JsonTensorReader.Read("[1,2]"u8, ElementType.Float32, Refuse.Shape(2), new byte[7]));
        Assert.ThrowsExactly<ArgumentException>(() => JsonTensorReader.Read("[\"a\"]"u8, ElementType.Bytes, Refuse.Shape(1), new byte[6]));
    }

    [TestMethod]
    public void Reading_numbers_allocates_nothing()
    {
        byte[] json = Encoding.UTF8.GetBytes("[" + string.Join(',', Enumerable.Range(0, 500).Select(i => (i * 0.1) + "," + (1.0 / (i + 3)) + ",1e-30")) + "]");
        byte[] destination = new byte[1500 * 4];
        TensorShape shape = Refuse.Shape(1500);
        JsonTensorReader.Read(json, ElementType.Float32, shape, destination);
        long before = GC.GetAllocatedBytesForCurrentThread();
        JsonTensorReader.Read(json, ElementType.Float32, shape, destination);
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Check(ElementType type, string text, int expected, int infinity)
    {
        foreach (string sign in (string[])["", "-"])
        {
            if (expected == infinity)
            {
                Refuse.Data(Refusal.InputNumberOutOfRange, type, [1], $"[{sign}{text}]");
                continue;
            }

            byte[] bytes = Refuse.Tensor(type, [1], $"[{sign}{text}]");
            uint bits = type.Size() == 2 ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            uint signBit = sign.Length == 0 ? 0 : type.Size() == 2 ? 0x8000u : 0x80000000u;
            Assert.AreEqual((uint)expected | signBit, bits, $"{type} {sign}{text}");
        }
    }

    private static double Value(ElementType type, int bits) => type == ElementType.Float16
        ? (double)BitConverter.UInt16BitsToHalf((ushort)bits)
        : BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>The whole decimal expansion of a double, with a fraction part.</summary>
    private static string Exact(double value)
    {
        // value = m x 2^e: for e below 0 that is m x 5^-e / 10^-e.
        long bits = BitConverter.DoubleToInt64Bits(value);
        int field = (int)(bits >> 52);
        BigInteger m = (bits & ((1L << 52) - 1)) | (field == 0 ? 0 : 1L << 52);
        int e = Math.Max(field, 1) - 1075;
        if (e >= 0)
        {
            return (m << e) + ".0";
        }

        string digits = (m * BigInteger.Pow(5, -e)).ToString().PadLeft(-e + 1, '0');
        return digits[..^-e] + "." + digits[^-e..];
    }

    /// <summary>A decimal a hair below another one.</summary>
    private static string Below(string exact)
    {
        int digits = exact.Length - exact.IndexOf('.') - 1;
        BigInteger scaled = (BigInteger.Parse(exact.Replace(".", "")) * BigInteger.Pow(10, 30)) - 1;
        string text = scaled.ToString().PadLeft(digits + 31, '0');
        return text[..^(digits + 30)] + "." + text[^(digits + 30)..];
    }

    private static string RandomNumber(Random random)
    {
        var text = new StringBuilder();
        if (random.Next(3) == 0)
        {
            text.Append('-');
        }

        int whole = random.Next(0, 25);
        text.Append(whole == 0 ? "0" : random.Next(1, 10).ToString());
        for (int i = 1; i < whole; i++)
        {
            text.Append((char)('0' + random.Next(10)));
        }

        if (random.Next(2) == 0)
        {
            text.Append('.').Append('0', random.Next(0, 12));
            for (int i = random.Next(1, 30); i > 0; i--)
            {
                text.Append((char)('0' + random.Next(10)));
            }
        }

        if (random.Next(2) == 0)
        {
            text.Append(random.Next(2) == 0 ? 'e' : 'E').Append(((string[])["", "+", "-"])[random.Next(3)]).Append(random.Next(random.Next(2) == 0 ? 25 : 340));
        }

        return text.ToString();
    }
}
