using System.Buffers;
using System.Diagnostics;
using System.Text;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Tests.Protocol;

/// <summary>Python's json and struct on the other end of the wire: they wrote what we read, and read what we wrote.</summary>
[TestClass]
public sealed class PythonOracleTests
{
    private const string WriteRequests = """
        import json, random, struct
        R = random.Random(99)
        CODES = {"BOOL": "?", "UINT8": "B", "UINT16": "H", "UINT32": "I", "UINT64": "Q", "INT8": "b", "INT16": "h", "INT32": "i", "INT64": "q", "FP16": "e", "FP32": "f", "FP64": "d"}
        def value(kind):
            code = CODES[kind]
            if kind.startswith("FP"):
                while True:
                    v = R.choice([R.uniform(-1, 1), R.gauss(0, 1000), float(R.randrange(-2000, 2000)), R.uniform(-1, 1) * 10.0 ** R.randrange(-7, 5)])
                    try:
                        struct.pack("<" + code, v)
                        return v
                    except OverflowError:
                        pass
            return struct.unpack("<" + code, bytes([R.randrange(2)]) if kind == "BOOL" else R.randbytes(struct.calcsize(code)))[0]
        def text():
            return "".join(chr(R.choice([R.randrange(128), R.randrange(0x80, 0xd800), R.randrange(0x10000, 0x110000)])) for _ in range(R.randrange(8)))
        def nest(flat, shape):
            if len(shape) <= 1:
                return flat
            step = len(flat) // shape[0]
            return [nest(flat[i * step:(i + 1) * step], shape[1:]) for i in range(shape[0])]
        for _ in range(3000):
            inputs, expected = [], []
            for i in range(R.randrange(1, 4)):
                kind = R.choice(list(CODES) + ["BYTES"])
                shape = [R.randrange(1, 5) for _ in range(R.randrange(4))]
                count = 1
                for d in shape:
                    count *= d
                flat = [text() if kind == "BYTES" else value(kind) for _ in range(count)]
                raw = b"".join(struct.pack("<I", len(v.encode())) + v.encode() if kind == "BYTES" else struct.pack("<" + CODES[kind], v) for v in flat)
                members = [("name", "in%d" % i), ("datatype", kind), ("shape", shape), ("data", nest(flat, shape) if R.random() < .5 else flat)]
                R.shuffle(members)
                inputs.append(dict(members))
                expected.append(raw.hex())
            request = {"id": text(), "inputs": inputs}
            print(json.dumps(request, ensure_ascii=R.random() < .5, separators=R.choice([None, (",", ":"), (" ,  ", " :\t")])) + "\x00" + request["id"].encode().hex() + "," + ",".join(expected), end="\x00")
        """;

    private const string ReadResponses = """
        import json, struct, sys
        from fractions import Fraction
        CODES = {"BOOL": "?", "UINT8": "B", "UINT16": "H", "UINT32": "I", "UINT64": "Q", "INT8": "b", "INT16": "h", "INT32": "i", "INT64": "q", "FP16": "e", "FP32": "f", "FP64": "d"}
        def bf16(v):
            single = struct.unpack("<I", struct.pack("<f", v))[0]
            near = [b for b in range((single >> 16) - 1, (single >> 16) + 2) if b >= 0 and (b & 0x7f80) != 0x7f80]
            value = lambda b: struct.unpack("<f", struct.pack("<I", b << 16))[0]
            if v == 0:
                return struct.pack("<H", single >> 16)
            return struct.pack("<H", min(near, key=lambda b: (abs(Fraction(value(b)) - Fraction(v)), b & 1)))
        def pack(kind, v):
            if kind == "BYTES":
                return struct.pack("<I", len(v.encode())) + v.encode()
            return bf16(float(v)) if kind == "BF16" else struct.pack("<" + CODES[kind], v)
        for line in sys.stdin.buffer:
            for output in json.loads(line.decode())["outputs"]:
                assert "parameters" not in output
                print(b"".join(pack(output["datatype"], v) for v in output["data"]).hex())
        """;

    [TestMethod]
    public void Requests_that_python_wrote_are_read_to_the_same_bytes()
    {
        string[] fields = Run(WriteRequests, []).Split('\0');
        var request = new InferRequest();
        int read = 0;
        for (int i = 0; i + 1 < fields.Length; i += 2, read++)
        {
            byte[] json = Encoding.UTF8.GetBytes(fields[i]);
            InferRequestReader.Read(json, ProtocolLimits.Default, request);
            var actual = new List<string> { Convert.ToHexStringLower(request.Id) };
            foreach (InferInput input in request.Inputs)
            {
                ReadOnlySpan<byte> data = json.AsSpan(input.DataStart, input.DataLength);
                byte[] tensor = new byte[JsonTensorReader.Measure(data, input.Type, input.Shape)];
                JsonTensorReader.Read(data, input.Type, input.Shape, tensor);
                actual.Add(Convert.ToHexStringLower(tensor));
            }

            Assert.AreEqual(fields[i + 1], string.Join(',', actual), fields[i]);
        }

        Assert.AreEqual(3000, read);
    }

    [TestMethod]
    public void Responses_that_we_write_are_read_by_python_to_the_same_bytes()
    {
        var random = new Random(12);
        var writer = new InferResponseWriter();
        var output = new ArrayBufferWriter<byte>();
        var expected = new StringBuilder();
        var model = new ModelHead("m\u2028\"", "1");
        for (int round = 0; round < 200; round++)
        {
            writer.Begin(output, model, "é\n"u8, hasId: true);
            for (ElementType type = ElementType.Bool; type <= ElementType.Bytes; type++)
            {
                byte[] raw = RandomTensor(type, 20, random);
                writer.JsonOutput(new OutputHead(type.WireName(), type), Refuse.Shape(20), raw);
                expected.Append(Convert.ToHexStringLower(raw)).Append('\n');
            }

            writer.End();
            output.Write("\n"u8);
        }

        Assert.AreEqual(expected.ToString(), Run(ReadResponses, output.WrittenSpan.ToArray()));
    }

    private static byte[] RandomTensor(ElementType type, int count, Random random)
    {
        var raw = new List<byte>();
        for (int i = 0; i < count; i++)
        {
            byte[] element = new byte[type == ElementType.Bytes ? random.Next(10) : type.Size()];
            random.NextBytes(element);
            switch (type)
            {
                case ElementType.Bool:
                    element[0] &= 1;
                    break;
                case ElementType.Bytes:
                    element = Array.ConvertAll(element, b => (byte)(b & 0x7f));
                    raw.AddRange(BitConverter.GetBytes(element.Length));
                    break;
                case ElementType.Float16 or ElementType.BFloat16 or ElementType.Float32 or ElementType.Float64:
                    // No exponent of ones: finite.
                    element[^1] &= 0xbf;
                    break;
            }

            raw.AddRange(element);
        }

        return [.. raw];
    }

    private static string Run(string script, byte[] input)
    {
        using var python = new Process { StartInfo = new ProcessStartInfo("python3", ["-X", "utf8", "-c", script]) };
        python.StartInfo.RedirectStandardInput = true;
        python.StartInfo.RedirectStandardOutput = true;
        python.StartInfo.StandardOutputEncoding = Encoding.UTF8;
        try
        {
            python.Start();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Inconclusive("skipped: no python3");
        }

        Task<string> text = python.StandardOutput.ReadToEndAsync();
        python.StandardInput.BaseStream.Write(input);
        python.StandardInput.Close();
        Assert.IsTrue(python.WaitForExit(120_000), "python3 takes too long");
        Assert.AreEqual(0, python.ExitCode);
        return text.Result;
    }
}
