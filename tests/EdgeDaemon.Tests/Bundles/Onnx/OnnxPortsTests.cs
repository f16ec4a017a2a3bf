using System.Collections.Immutable;
using EdgeDaemon.Core.Bundles.Onnx;
using EdgeDaemon.Core.Tensors;
using static EdgeDaemon.Tests.Bundles.Onnx.OnnxBytes;

namespace EdgeDaemon.Tests.Bundles.Onnx;

[TestClass]
public sealed class OnnxPortsTests
{
    [TestMethod]
    public void Reads_names_types_and_dimensions()
    {
        OnnxPorts ports = OnnxPorts.Read(Model(Port(11, "x", 1, null, 3, 224), Port(11, "k", 7), Port(12, "y", 9, 2)));
        Assert.AreEqual("x FP32 [-1,3,224]; k INT64 []", Shown(ports.Inputs));
        Assert.AreEqual("y BOOL [2]", Shown(ports.Outputs));
    }

    /// <summary>A value of any rank and one of none are two things: who takes the one for the other makes a contract that no answer keeps.</summary>
    [TestMethod]
    public void A_shape_that_is_not_declared_is_not_that_of_a_scalar()
    {
        OnnxPorts ports = OnnxPorts.Read(Model(Port(11, "x", 1, 3), Bytes(12, Text(1, "y"), Bytes(2, Bytes(1, Number(1, 1)))), Port(12, "z", 1)));
        Assert.AreEqual("y FP32 [?]; z FP32 []", Shown(ports.Outputs));
    }

    [TestMethod]
    public void Inputs_that_have_a_value_are_not_asked_of_the_caller()
    {
        OnnxPorts ports = OnnxPorts.Read(Model(Port(11, "w", 1, 3), Port(11, "x", 1, 3), Bytes(5, Number(1, 3), Text(8, "w")), Port(12, "y", 1, 3)));
        Assert.AreEqual("x FP32 [3]", Shown(ports.Inputs));
    }

    [TestMethod]
    public void Every_type_of_the_protocol_is_known_and_no_other()
    {
        string[] expected = ["FP32", "UINT8", "INT8", "UINT16", "INT16", "INT32", "INT64", "BYTES", "BOOL", "FP16", "FP64", "UINT32", "UINT64", "", "", "BF16"];
        for (int type = 0; type < 40; type++)
        {
            byte[] model = Model(Port(11, "x", type, 1), Port(12, "y", 1, 1));
            string name = type >= 1 && type <= expected.Length ? expected[type - 1] : "";
            if (name.Length == 0)
            {
                Assert.ThrowsExactly<OnnxFormatException>(() => OnnxPorts.Read(model), $"type {type}");
            }
            else
            {
                Assert.AreEqual(name, OnnxPorts.Read(model).Inputs[0].Type.WireName());
            }
        }
    }

    [TestMethod]
    public void Refuses_what_is_no_model_or_beyond_the_bounds()
    {
        Refused([]);
        Refused("hello"u8.ToArray());
        Refused(Number(1, 8));
        Refused(Model(Bytes(11, Text(1, "x"))));
        Refused(Model(Bytes(11, Text(1, "x"), Bytes(2, Bytes(4, []))))); // a sequence
        Refused(Model(Port(11, "x", 1, new long?[TensorShape.MaxRank + 1])));
        Refused(Model(Port(11, new string('x', 1025), 1, 1)));
        Refused(Model([.. Enumerable.Range(0, OnnxPorts.MaxPorts + 1).Select(i => Port(11, $"x{i}", 1, 1))]));
        Refused([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02]);
        Refused([(7 << 3) | 3, 0]); // a group
        Refused([(7 << 3) | 2, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F]); // longer than what is there
    }

    [TestMethod]
    public void Damage_never_ends_in_anything_but_ports_or_a_refusal()
    {
        var random = new Random(11);
        byte[] good = Model(Port(11, "x", 1, null, 3), Bytes(5, Text(8, "w")), Port(12, "y", 1, 2));
        for (int round = 0; round < 50_000; round++)
        {
            byte[] bad = [.. good];
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                bad[random.Next(bad.Length)] = (byte)random.Next(256);
            }

            try
            {
                OnnxPorts.Read(bad.AsSpan(0, random.Next(bad.Length + 1)));
            }
            catch (OnnxFormatException)
            {
            }
        }
    }

    [TestMethod]
    public void Agrees_with_the_tensors_that_come_with_real_models()
    {
        int models = 0;
        foreach (string kind in new[] { "pytorch-converted", "pytorch-operator", "simple" })
        {
            foreach (string folder in Directory.GetDirectories(Conformance.Folder(Path.Combine("onnx", kind))))
            {
                OnnxPorts ports = OnnxPorts.Read(File.ReadAllBytes(Path.Combine(folder, "model.onnx")));
                string data = Path.Combine(folder, "test_data_set_0");
                Agree(ports.Inputs, data, "input");
                Agree(ports.Outputs, data, "output");
                models++;
            }
        }

        Assert.IsTrue(models > 10, $"{models} models");
    }

    private static void Agree(ImmutableArray<DeclaredPort> ports, string folder, string kind)
    {
        Assert.AreEqual(Directory.GetFiles(folder, $"{kind}_*.pb").Length, ports.Length, folder);
        for (int i = 0; i < ports.Length; i++)
        {
            (long type, long[] dimensions) = TensorHead(File.ReadAllBytes(Path.Combine(folder, $"{kind}_{i}.pb")));
            string[] names = ["", "FP32", "UINT8", "INT8", "UINT16", "INT16", "INT32", "INT64", "BYTES", "BOOL", "FP16", "FP64", "UINT32", "UINT64"];
            Assert.AreEqual(names[type], ports[i].Type.WireName(), folder);
            Assert.IsTrue(TensorShape.TryCreate(dimensions, out TensorShape shape) && ports[i].Shape is { } declared && new TensorContract(ports[i].Name, ports[i].Type, declared).Admits(shape), $"{folder}: {Shown(ports)}, {shape}");
        }
    }

    /// <summary>TensorProto: dims = 1 (packed or not), data_type = 2, read by Python-like slicing of the front of the message.</summary>
    private static (long Type, long[] Dimensions) TensorHead(byte[] message)
    {
        var dimensions = new List<long>();
        long type = 0;
        int at = 0;
        long Next()
        {
            long value = 0;
            for (int shift = 0; ; shift += 7)
            {
                byte b = message[at++];
                value |= (long)(b & 127) << shift;
                if (b < 128)
                {
                    return value;
                }
            }
        }

        while (at < message.Length)
        {
            switch (Next())
            {
                case 8:
                    dimensions.Add(Next());
                    break;
                case 10:
                    int end = (int)Next() + at;
                    while (at < end)
                    {
                        dimensions.Add(Next());
                    }

                    break;
                case 16:
                    type = Next();
                    break;
                default:
                    return (type, [.. dimensions]);
            }
        }

        return (type, [.. dimensions]);
    }

    private static string Shown(ImmutableArray<DeclaredPort> ports) =>
        string.Join("; ", ports.Select(p => $"{p.Name} {p.Type.WireName()} [{(p.Shape is { } shape ? string.Join(',', shape) : "?")}]"));

    private static void Refused(byte[] model) => Assert.ThrowsExactly<OnnxFormatException>(() => OnnxPorts.Read(model));
}
