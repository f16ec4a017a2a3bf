using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Tests.Protocol;

[TestClass]
public sealed class InferResponseWriterTests
{
    private static readonly ModelHead Model = new("m", "1");

    [TestMethod]
    public void Head_has_the_protocols_members_in_order()
    {
        var writer = new InferResponseWriter();
        var output = new ArrayBufferWriter<byte>();
        writer.Begin(output, new ModelHead("digits", "3"), "a\"b\n"u8, hasId: true, [ResponseParameter.Of("certified_radius", 0.5), ResponseParameter.Of("n", 7L)]);
        writer.BinaryOutput(new OutputHead("logits", ElementType.Float32), Refuse.Shape(2, 10), 80);
        writer.JsonOutput(new OutputHead("label", ElementType.Bytes), Refuse.Shape(1), [2, 0, 0, 0, (byte)'é' & 0x7f, (byte)'"']);
        writer.End();
        Assert.AreEqual(
            """{"model_name":"digits","model_version":"3","id":"a\"b\n","parameters":{"certified_radius":0.5,"n":7},"outputs":[{"name":"logits","datatype":"FP32","shape":[2,10],"parameters":{"binary_data_size":80}},{"name":"label","datatype":"BYTES","shape":[1],"data":["i\""]}]}""",
            Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [TestMethod]
    public void Id_and_parameters_are_left_out_when_not_given_and_json_outputs_carry_none()
    {
        Assert.AreEqual("""{"model_name":"m","model_version":"1","outputs":[]}""", Head(default, false));
        Assert.AreEqual("""{"model_name":"m","model_version":"1","id":"","outputs":[]}""", Head(default, true));
        Assert.IsFalse(Values(ElementType.Bool, [1, 0]).Contains("parameters"));
    }

    [TestMethod]
    public void Floats_are_the_shortest_text_of_their_own_type()
    {
        Assert.AreEqual("0.1", Value(ElementType.Float32, [0xcd, 0xcc, 0xcc, 0x3d]));
        Assert.AreEqual("0.1", Value(ElementType.Float16, [0x66, 0x2e]));
        Assert.AreEqual("0.1", Value(ElementType.BFloat16, [0xcd, 0x3d]));
        Assert.AreEqual("0.1", Value(ElementType.Float64, BitConverter.GetBytes(0.1)));
        foreach (ElementType type in (ElementType[])[ElementType.Float16, ElementType.BFloat16, ElementType.Float32, ElementType.Float64])
        {
            byte[] negativeZero = new byte[type.Size()];
            negativeZero[^1] = 0x80;
            Assert.AreEqual("-0.0", Value(type, negativeZero));
            Assert.AreEqual("0", Value(type, new byte[type.Size()]));
        }
    }

    [TestMethod]
    public void Every_16_bit_float_reads_back_to_the_same_bits()
    {
        foreach (ElementType type in (ElementType[])[ElementType.Float16, ElementType.BFloat16])
        {
            int exponent = type == ElementType.Float16 ? 0x7c00 : 0x7f80;
            for (int bits = 0; bits <= ushort.MaxValue; bits++)
            {
                byte[] raw = [(byte)bits, (byte)(bits >> 8)];
                if ((bits & exponent) == exponent)
                {
                    Refuse.With(Refusal.OutputNotFinite, () => Value(type, raw));
                }
                else
                {
                    string text = Value(type, raw);
                    CollectionAssert.AreEqual(raw, Refuse.Tensor(type, [1], $"[{text}]"), $"{type} {bits:x4} {text}");
                }
            }
        }
    }

    [TestMethod]
    public void A_million_random_float_patterns_read_back_to_the_same_bits()
    {
        foreach (ElementType type in (ElementType[])[ElementType.Float32, ElementType.Float64])
        {
            var random = new Random(3);
            for (int block = 0; block < 250; block++)
            {
                byte[] raw = new byte[4000 * type.Size()];
                random.NextBytes(raw);
                for (int at = 0; at < raw.Length; at += type.Size())
                {
                    bool finite = type == ElementType.Float32
                        ? float.IsFinite(BinaryPrimitives.ReadSingleLittleEndian(raw.AsSpan(at)))
                        : double.IsFinite(BinaryPrimitives.ReadDoubleLittleEndian(raw.AsSpan(at)));
                    if (!finite)
                    {
                        raw[at + type.Size() - 1] = 0;
                    }
                }

                string values = Values(type, raw);
                CollectionAssert.AreEqual(raw, Refuse.Tensor(type, [4000], values[values.IndexOf('[')..]));
            }
        }
    }

    [TestMethod]
    public void Integers_and_booleans_read_back_to_the_same_bytes()
    {
        var random = new Random(4);
        for (ElementType type = ElementType.Bool; type <= ElementType.Int64; type++)
        {
            byte[] raw = new byte[3000 * type.Size()];
            random.NextBytes(raw);
            if (type == ElementType.Bool)
            {
                raw = Array.ConvertAll(raw, b => (byte)(b & 1));
            }

            CollectionAssert.AreEqual(raw, Refuse.Tensor(type, [3000], Values(type, raw)), type.ToString());
        }
    }

    [TestMethod]
    public void Texts_read_back_to_the_same_bytes()
    {
        var random = new Random(6);
        var raw = new List<byte>();
        const int Count = 2000;
        for (int i = 0; i < Count; i++)
        {
            var text = new StringBuilder();
            for (int n = random.Next(0, 12); n > 0; n--)
            {
                int point = random.Next(4) switch { 0 => random.Next(0, 0x80), 1 => random.Next(0, 0x20), 2 => random.Next(0, 0xd800), _ => random.Next(0x10000, 0x110000) };
                text.Append(char.ConvertFromUtf32(point));
            }

            byte[] utf8 = Encoding.UTF8.GetBytes(text.ToString());
            raw.AddRange(BitConverter.GetBytes(utf8.Length));
            raw.AddRange(utf8);
        }

        CollectionAssert.AreEqual(raw.ToArray(), Refuse.Tensor(ElementType.Bytes, [Count], Values(ElementType.Bytes, [.. raw])));
    }

    [TestMethod]
    public void Refuses_numbers_that_json_does_not_have()
    {
        foreach (double bad in (double[])[double.NaN, double.PositiveInfinity, double.NegativeInfinity])
        {
            Refuse.With(Refusal.OutputNotFinite, () => Value(ElementType.Float64, BitConverter.GetBytes(bad)));
            Refuse.With(Refusal.OutputNotFinite, () => Value(ElementType.Float32, BitConverter.GetBytes((float)bad)));
            Refuse.With(Refusal.OutputNotFinite, () => ResponseParameter.Of("p", bad));
        }
    }

    [TestMethod]
    public void Refuses_bytes_that_are_no_text()
    {
        Assert.AreEqual("\"A\"", Value(ElementType.Bytes, [1, 0, 0, 0, 0x41]));
        Refuse.With(Refusal.OutputNotText, () => Value(ElementType.Bytes, [1, 0, 0, 0, 0xff]));
        Refuse.With(Refusal.OutputNotText, () => Value(ElementType.Bytes, [3, 0, 0, 0, 0xed, 0xa0, 0x80]));
    }

    [TestMethod]
    public void A_writer_that_failed_writes_the_next_response_whole()
    {
        var writer = new InferResponseWriter();
        var output = new ArrayBufferWriter<byte>();
        writer.Begin(output, Model, default, false);
        Assert.ThrowsExactly<RefusedException>(() => writer.JsonOutput(new OutputHead("y", ElementType.Float32), Refuse.Shape(1), BitConverter.GetBytes(float.NaN)));
        var next = new ArrayBufferWriter<byte>();
        writer.Begin(next, Model, default, false);
        writer.JsonOutput(new OutputHead("y", ElementType.Float32), Refuse.Shape(1), BitConverter.GetBytes(1.5f));
        writer.End();
        Assert.AreEqual("""{"model_name":"m","model_version":"1","outputs":[{"name":"y","datatype":"FP32","shape":[1],"data":[1.5]}]}""", Encoding.UTF8.GetString(next.WrittenSpan));
    }

    [TestMethod]
    public void A_pooled_writer_allocates_nothing()
    {
        var writer = new InferResponseWriter();
        var output = new ArrayBufferWriter<byte>(1 << 16);
        var model = new ModelHead("digits", "1");
        var logits = new OutputHead("logits", ElementType.Float32);
        var other = new OutputHead("other", ElementType.Float32);
        TensorShape shape = Refuse.Shape(1, 10);
        byte[] data = new byte[40];
        byte[] id = "id"u8.ToArray();
        void Once()
        {
            output.ResetWrittenCount();
            writer.Begin(output, model, id, true);
            writer.BinaryOutput(logits, shape, 40);
            writer.JsonOutput(other, shape, data);
            writer.End();
        }

        Once();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            Once();
        }

        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static string Head(ReadOnlySpan<byte> id, bool hasId)
    {
        var writer = new InferResponseWriter();
        var output = new ArrayBufferWriter<byte>();
        writer.Begin(output, Model, id, hasId);
        writer.End();
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private static string Value(ElementType type, byte[] raw) => Values(type, raw)[1..^1];

    /// <summary>The data array of a one-output response; that the whole is JSON is checked on the way.</summary>
    private static string Values(ElementType type, byte[] raw)
    {
        var writer = new InferResponseWriter();
        var output = new ArrayBufferWriter<byte>();
        writer.Begin(output, Model, default, false);
        writer.JsonOutput(new OutputHead("y", type), Refuse.Shape(1), raw);
        writer.End();
        using JsonDocument document = JsonDocument.Parse(output.WrittenMemory);
        return document.RootElement.GetProperty("outputs")[0].GetProperty("data").GetRawText();
    }
}
