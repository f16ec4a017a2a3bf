using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Tests.Protocol;

/// <summary>The framework's writer, which shares no code with ours but the encoder, gives the same bytes.</summary>
[TestClass]
public sealed class InferResponseOracleTests
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    [TestMethod]
    public void Every_character_and_every_half_of_one_is_written_as_the_framework_writes_it()
    {
        for (int first = 0; first <= char.MaxValue; first += 64)
        {
            string text = string.Concat(Enumerable.Range(first, 64).Select(c => $"{(char)c}x"));
            Same(new Answer { Model = text, Version = text, Outputs = { new(text, ElementType.Bool, [1], [1], true) }, Parameters = [ResponseParameter.Of(text, text)] });
            if (first is < 0xd800 or > 0xdfff)
            {
                Same(new Answer { Id = Encoding.UTF8.GetBytes(text), Outputs = { new("y", ElementType.Bytes, [1], Element(text), false) } });
            }
        }

        for (int point = 0x10000; point < 0x110000; point += 0x3f1)
        {
            string text = char.ConvertFromUtf32(point);
            Same(new Answer { Model = text, Id = Encoding.UTF8.GetBytes(text), Outputs = { new(text, ElementType.Bytes, [1], Element(text), false) } });
        }
    }

    [TestMethod]
    public void An_escape_may_lie_anywhere_in_a_text_of_any_length()
    {
        foreach (string odd in (string[])["\"", "\n", "é", "\u2028", "\U0001f600", "\ud800"])
        {
            for (int length = 0; length < 200; length++)
            {
                string text = new string('a', length) + odd + new string('b', 200 - length);
                bool whole = odd != "\ud800";
                Same(new Answer
                {
                    Model = text,
                    Id = whole ? Encoding.UTF8.GetBytes(text) : null,
                    Parameters = [ResponseParameter.Of(text, text)],
                    Outputs = { new(text, ElementType.Bytes, [2], whole ? [.. Element(text), .. Element(odd + text)] : [], false) },
                });
            }
        }
    }

    [TestMethod]
    public void Numbers_and_shapes_are_written_as_the_framework_writes_them()
    {
        long[] numbers = [0, 1, 9, 10, 11, 99, 100, 12345, int.MaxValue, long.MaxValue, -1, -9, -10, long.MinValue];
        foreach (long number in numbers)
        {
            double real = BitConverter.Int64BitsToDouble(number);
            Same(new Answer
            {
                Parameters =
                [
                    ResponseParameter.Of("i", number), ResponseParameter.Of("u", (ulong)number), ResponseParameter.Of("b", number > 0), ResponseParameter.Of("d", (double)number),
                    ResponseParameter.Of("r", 1.0 / (number + 0.5)), ResponseParameter.Of("s", double.IsFinite(real) ? real : double.MaxValue),
                ],
                Outputs = { new("y", ElementType.Int64, [number], [], true, number), new("z", ElementType.Int64, [.. Enumerable.Repeat(number, TensorShape.MaxRank)], BitConverter.GetBytes(number), false) },
            });
        }

        Same(new Answer());
        Same(new Answer { Outputs = { new("scalar", ElementType.UInt8, [], [7], true), new("scalar", ElementType.UInt8, [], [7], false), new("empty", ElementType.Int32, [3, 0], [], false), new("none", ElementType.Bytes, [0], [], false) } });
    }

    [TestMethod]
    public void Random_answers_are_those_of_the_framework()
    {
        var random = new Random(11);
        for (int round = 0; round < 5000; round++)
        {
            var answer = new Answer { Model = Text(random, whole: false), Version = Text(random, whole: false), Id = random.Next(3) == 0 ? null : Encoding.UTF8.GetBytes(Text(random, whole: true)) };
            if (random.Next(3) == 0)
            {
                answer.Parameters = [ResponseParameter.Of(Text(random, false), Text(random, false)), ResponseParameter.Of(Text(random, false), random.NextInt64()), ResponseParameter.Of("d", random.NextDouble() * Math.Pow(10, random.Next(-300, 300)))];
            }

            for (int n = random.Next(4); n > 0; n--)
            {
                ElementType type = (ElementType[])[ElementType.Bool, ElementType.UInt8, ElementType.Int64, ElementType.Bytes] is var types ? types[random.Next(types.Length)] : default;
                byte[] data = type switch
                {
                    ElementType.Bytes => [.. Enumerable.Range(0, random.Next(5)).SelectMany(_ => Element(Text(random, whole: true)))],
                    ElementType.Bool => [.. Enumerable.Range(0, random.Next(9)).Select(_ => (byte)random.Next(2))],
                    _ => [.. Enumerable.Range(0, random.Next(9) * type.Size()).Select(_ => (byte)random.Next(256))],
                };
                answer.Outputs.Add(new(Text(random, whole: false), type, [.. Enumerable.Range(0, random.Next(5)).Select(_ => random.NextInt64() >> random.Next(64))], data, random.Next(2) == 0));
            }

            Same(answer, piece: random.Next(1, 400));
        }
    }

    [TestMethod]
    public void A_secret_is_escaped_as_the_framework_would()
    {
        byte[] secret = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0x20, 0x5f).Select(c => (char)c)) + "é\"\\");
        Same(new Answer { Parameters = [ResponseParameter.OfSecret("s", secret), ResponseParameter.OfSecret("none", default)] });
    }

    private static string Text(Random random, bool whole)
    {
        var text = new StringBuilder();
        for (int n = random.Next(random.Next(2) == 0 ? 10 : 150); n > 0; n--)
        {
            switch (random.Next(8))
            {
                case 0:
                    text.Append((char)random.Next(0x20));
                    break;
                case 1:
                    text.Append(random.Next(2) == 0 ? '"' : '\\');
                    break;
                case 2:
                    text.Append(char.ConvertFromUtf32(random.Next(2) == 0 ? random.Next(0xd800) : random.Next(0x10000, 0x110000)));
                    break;
                case 3 when !whole:
                    text.Append((char)random.Next(0xd800, 0xe000));
                    break;
                default:
                    text.Append((char)random.Next(0x20, 0x7f));
                    break;
            }
        }

        return text.ToString();
    }

    private static byte[] Element(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        return [.. BitConverter.GetBytes(utf8.Length), .. utf8];
    }

    /// <param name="answer">To write both ways.</param>
    /// <param name="piece">Bytes at most that ours is given at once when it asks for none in particular.</param>
    private static void Same(Answer answer, int piece = 256)
    {
        var expected = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(expected, Options))
        {
            Framework(json, answer);
        }

        var output = new Pieces(piece);
        var writer = new InferResponseWriter();
        writer.Begin(output, new ModelHead(answer.Model, answer.Version), answer.Id, answer.Id is not null, answer.Parameters);
        foreach (Output one in answer.Outputs)
        {
            TensorShape.TryCreate(one.Shape, out TensorShape shape);
            var head = new OutputHead(one.Name, one.Type);
            if (one.Binary)
            {
                writer.BinaryOutput(head, shape, one.Size);
            }
            else
            {
                writer.JsonOutput(head, shape, one.Data);
            }
        }

        writer.End();
        if (!output.Written.SequenceEqual(expected.WrittenSpan))
        {
            Assert.AreEqual(Encoding.UTF8.GetString(expected.WrittenSpan), Encoding.UTF8.GetString(output.Written));
            Assert.Fail("the same text in other bytes");
        }
    }

    private static void Framework(Utf8JsonWriter json, Answer answer)
    {
        json.WriteStartObject();
        json.WriteString("model_name"u8, answer.Model);
        json.WriteString("model_version"u8, answer.Version);
        if (answer.Id is { } id)
        {
            json.WriteString("id"u8, id);
        }

        if (answer.Parameters.Length != 0)
        {
            json.WriteStartObject("parameters"u8);
            Array.ForEach(answer.Parameters, parameter => Parameter(json, parameter));
            json.WriteEndObject();
        }

        json.WriteStartArray("outputs"u8);
        foreach (Output output in answer.Outputs)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, output.Name);
            json.WriteString("datatype"u8, output.Type.WireName());
            json.WriteStartArray("shape"u8);
            Array.ForEach(output.Shape, json.WriteNumberValue);
            json.WriteEndArray();
            if (output.Binary)
            {
                json.WriteStartObject("parameters"u8);
                json.WriteNumber("binary_data_size"u8, output.Size);
                json.WriteEndObject();
            }
            else
            {
                json.WriteStartArray("data"u8);
                Values(json, output);
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Parameter(Utf8JsonWriter json, ResponseParameter parameter)
    {
        switch (parameter.Kind)
        {
            case InferParameterKind.Text when parameter.Text is null:
                json.WriteString(parameter.Name, parameter.Utf8.Span);
                break;
            case InferParameterKind.Text:
                json.WriteString(parameter.Name, parameter.Text);
                break;
            case InferParameterKind.Integer:
                json.WriteNumber(parameter.Name, parameter.Bits);
                break;
            case InferParameterKind.UnsignedInteger:
                json.WriteNumber(parameter.Name, (ulong)parameter.Bits);
                break;
            case InferParameterKind.Real:
                json.WriteNumber(parameter.Name, BitConverter.Int64BitsToDouble(parameter.Bits));
                break;
            default:
                json.WriteBoolean(parameter.Name, parameter.Bits != 0);
                break;
        }
    }

    private static void Values(Utf8JsonWriter json, Output output)
    {
        ReadOnlySpan<byte> data = output.Data;
        while (!data.IsEmpty)
        {
            int size = output.Type == ElementType.Bytes ? sizeof(int) + BinaryPrimitives.ReadInt32LittleEndian(data) : output.Type.Size();
            ReadOnlySpan<byte> element = data[..size];
            data = data[size..];
            switch (output.Type)
            {
                case ElementType.Bytes:
                    json.WriteStringValue(element[sizeof(int)..]);
                    break;
                case ElementType.Bool:
                    json.WriteBooleanValue(element[0] != 0);
                    break;
                case ElementType.UInt8:
                    json.WriteNumberValue(element[0]);
                    break;
                default:
                    json.WriteNumberValue(BinaryPrimitives.ReadInt64LittleEndian(element));
                    break;
            }
        }
    }

    private sealed class Answer
    {
        public string Model { get; init; } = "m";

        public string Version { get; init; } = "1";

        public byte[]? Id { get; init; }

        public ResponseParameter[] Parameters { get; set; } = [];

        public List<Output> Outputs { get; } = [];
    }

    private sealed record Output(string Name, ElementType Type, long[] Shape, byte[] Data, bool Binary, long Size = 7);

    /// <summary>Gives room in small pieces, so that every text comes to the end of one, and holds whoever writes to what was asked for.</summary>
    private sealed class Pieces(int least) : IBufferWriter<byte>
    {
        private readonly List<byte> _written = [];
        private byte[] _piece = [];

        public ReadOnlySpan<byte> Written => _written.ToArray();

        public void Advance(int count)
        {
            _written.AddRange(_piece.AsSpan(0, count));
            _piece = [];
        }

        public Memory<byte> GetMemory(int sizeHint = 0) => _piece = new byte[sizeHint == 0 ? least : sizeHint];

        public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
    }
}
