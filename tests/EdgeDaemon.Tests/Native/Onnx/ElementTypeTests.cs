using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Tests.Native.Onnx;

[TestClass]
public sealed class ElementTypeTests
{
    private static readonly int[] Outside = [14, 15, 17, 18, 19, 20, 21, 22];

    [TestMethod]
    [DataRow(ElementType.Bool, 9)]
    [DataRow(ElementType.UInt8, 2)]
    [DataRow(ElementType.UInt16, 4)]
    [DataRow(ElementType.UInt32, 12)]
    [DataRow(ElementType.UInt64, 13)]
    [DataRow(ElementType.Int8, 3)]
    [DataRow(ElementType.Int16, 5)]
    [DataRow(ElementType.Int32, 6)]
    [DataRow(ElementType.Int64, 7)]
    [DataRow(ElementType.Float16, 10)]
    [DataRow(ElementType.BFloat16, 16)]
    [DataRow(ElementType.Float32, 1)]
    [DataRow(ElementType.Float64, 11)]
    public void Every_type_of_fixed_size_passes_unchanged_whatever_its_bits(ElementType type, int onnxType)
    {
        using OnnxSession session = TestRuntime.Get().CreateSession(Graph.Identity(onnxType, "N", 3), new OnnxSessionOptions());
        Assert.AreEqual(type, session.Inputs[0].Type);
        using OnnxRun run = session.NewRun(TestRuntime.Pool);
        var random = new Random(onnxType);
        foreach (int rows in new[] { 1, 7, 0, 1000 })
        {
            byte[] bytes = new byte[rows * 3 * type.Size()];
            random.NextBytes(bytes);
            if (type == ElementType.Bool)
            {
                bytes = [.. bytes.Select(value => (byte)(value & 1))];
            }

            (ElementType given, long[] shape, byte[] data) = Running.Once(run, Running.Shape(rows, 3), bytes);
            Assert.AreEqual(type, given);
            CollectionAssert.AreEqual(new long[] { rows, 3 }, shape);
            CollectionAssert.AreEqual(bytes, data);
        }
    }

    [TestMethod]
    public void Strings_pass_unchanged_empty_ones_and_any_bytes_included()
    {
        using OnnxSession session = TestRuntime.Get().CreateSession(Graph.Identity(8, "N"), new OnnxSessionOptions());
        using OnnxRun run = session.NewRun(TestRuntime.Pool);
        var random = new Random(8);
        foreach (int count in new[] { 0, 1, 2, 3, 50, 1000 })
        {
            var wire = new List<byte>();
            for (int i = 0; i < count; i++)
            {
                byte[] element = new byte[random.Next(0, 4) == 0 ? 0 : random.Next(0, 200)];
                random.NextBytes(element);
                wire.AddRange(BitConverter.GetBytes(element.Length));
                wire.AddRange(element);
            }

            (ElementType type, long[] shape, byte[] data) = Running.Once(run, Running.Shape(count), [.. wire]);
            Assert.AreEqual(ElementType.Bytes, type);
            CollectionAssert.AreEqual(new long[] { count }, shape);
            CollectionAssert.AreEqual(wire, data);
        }
    }

    [TestMethod]
    public void Refuses_string_bytes_that_do_not_hold_the_shape()
    {
        using OnnxSession session = TestRuntime.Get().CreateSession(Graph.Identity(8, "N"), new OnnxSessionOptions());
        using OnnxRun run = session.NewRun(TestRuntime.Pool);
        byte[] two = Running.Bytes("ab", "c");
        Refuse(3, two);
        Refuse(1, two);
        Refuse(0, two);
        Refuse(2, two[..^1]);
        Refuse(2, two[..3]);
        Refuse(1, [0xFF, 0xFF, 0xFF, 0xFF]);
        Refuse(1, [0, 0, 0, 0x80, 1]);

        void Refuse(long count, byte[] wire)
        {
            TensorBlock block = Running.Block(wire);
            Assert.ThrowsExactly<ArgumentException>(() => run.SetInput(0, Running.Shape(count), block, wire.Length));
            Assert.ThrowsExactly<InvalidOperationException>(run.Execute, "a refused input is no input");
            block.Return();
        }
    }

    [TestMethod]
    public void Types_outside_the_protocol_are_refused_by_port_and_type()
    {
        string[] names = ["complex64", "complex128", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "uint4", "int4"];
        OnnxRuntime runtime = TestRuntime.Get();
        for (int i = 0; i < Outside.Length; i++)
        {
            byte[] model = Graph.Model(
                Graph.Of([Graph.Node("Identity", ["odd"], ["y"])], [Graph.Port("odd", Outside[i], 2)], [Graph.Port("y", Outside[i], 2)]), opset: 21);
            Exception refusal = Assert.Throws<Exception>(() => runtime.CreateSession(model, new OnnxSessionOptions()));
            if (refusal is OnnxContractException)
            {
                StringAssert.Contains(refusal.Message, $"input 'odd' is a tensor of {names[i]}");
            }
            else
            {
                // The library has no kernel for it: its own words.
                Assert.IsInstanceOfType<OnnxException>(refusal, names[i]);
            }
        }
    }

    [TestMethod]
    public void Element_numbers_map_both_ways_and_nothing_else_does()
    {
        foreach (ElementType type in Enum.GetValues<ElementType>())
        {
            Assert.IsTrue(OnnxElementTypes.TryFrom(OnnxElementTypes.Of(type), out ElementType back));
            Assert.AreEqual(type, back);
        }

        int known = Enumerable.Range(-2, 60).Count(number => OnnxElementTypes.TryFrom(number, out _));
        Assert.AreEqual(Enum.GetValues<ElementType>().Length, known);
    }
}
