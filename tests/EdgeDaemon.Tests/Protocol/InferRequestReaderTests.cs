using System.Text;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Tests.Protocol;

[TestClass]
public sealed class InferRequestReaderTests
{
    private const string One = """{"name":"x","shape":[2],"datatype":"FP32","data":[1,2]}""";

    [TestMethod]
    public void Reads_every_member_whatever_their_order()
    {
        const string Json = """
            {"parameters":{"priority":18446744073709551615,"timeout":5,"sigma":0.25,"certify":true,"note":"a\u00e9","binary_data_output":true,"triton_x":1},
             "outputs":[{"parameters":{"binary_data":false},"name":"y"},{"name":"z"}],
             "model_name":"ignored", "unknown":{"inputs":[{}],"deep":[[["]"]]]},
             "inputs":[{"data": [ [1, 2], [3, 4] ] ,"datatype":"INT8","shape":[2,2],"name":"a\"b"},
                       {"parameters":{"content_type":"np","binary_data_size":8},"name":"bin","datatype":"FP32","shape":[1,2]}],
             "id":"r-1"}
            """;
        byte[] utf8 = Encoding.UTF8.GetBytes(Json);
        var request = new InferRequest();
        InferRequestReader.Read(utf8, ProtocolLimits.Default, request);

        Assert.IsTrue(request.HasId);
        Assert.AreEqual("r-1", request.IdText());
        Assert.AreEqual(2, request.Inputs.Length);
        InferInput first = request.Inputs[0];
        Assert.IsTrue(first.NameIs("a\"b"u8));
        Assert.AreEqual(ElementType.Int8, first.Type);
        Assert.AreEqual("[2,2]", first.Shape.ToString());
        Assert.IsFalse(first.IsBinary);
        Assert.AreEqual("[ [1, 2], [3, 4] ]", Encoding.UTF8.GetString(utf8.AsSpan(first.DataStart, first.DataLength)));
        InferInput second = request.Inputs[1];
        Assert.AreEqual(8, second.BinarySize);
        Assert.AreEqual(-1, second.DataStart);
        Assert.AreEqual(false, request.Outputs[0].Binary);
        Assert.IsNull(request.Outputs[1].Binary);
        Assert.AreEqual(true, request.BinaryDataOutput);
        Assert.AreEqual(6, request.Parameters.Length);
        Assert.IsTrue(request.TryGetParameter("priority"u8, out InferParameter priority));
        Assert.AreEqual(InferParameterKind.UnsignedInteger, priority.Kind);
        Assert.AreEqual(ulong.MaxValue, priority.UnsignedInteger);
        Assert.IsTrue(request.TryGetParameter("sigma"u8, out InferParameter sigma) && sigma is { Kind: InferParameterKind.Real, Real: 0.25 });
        Assert.IsTrue(request.TryGetParameter("certify"u8, out InferParameter certify) && certify is { Kind: InferParameterKind.Boolean, Boolean: true });
        Assert.IsTrue(request.TryGetParameter("note"u8, out InferParameter note));
        Assert.AreEqual("aé", Encoding.UTF8.GetString(request.ParameterText(note)));
        Assert.IsFalse(request.TryGetParameter("absent"u8, out _));
    }

    [TestMethod]
    public void Reads_what_clients_send()
    {
        // tritonclient C++: an empty id is always there. MLServer's types: null for every optional member.
        InferRequest empty = Refuse.Accept($$"""{"id":"","inputs":[{{One}}]}""");
        Assert.IsTrue(empty.HasId && empty.Id.IsEmpty);
        InferRequest nulls = Refuse.Accept(
            """{"id":null,"parameters":null,"outputs":null,"inputs":[{"name":"x","shape":[1],"datatype":"BOOL","parameters":null,"data":[true]}]}""");
        Assert.IsFalse(nulls.HasId);
        InferRequest none = Refuse.Accept("""{"inputs":[],"outputs":[]}""");
        Assert.IsTrue(none.Inputs.IsEmpty);
    }

    [TestMethod]
    public void Steps_over_data_without_losing_its_place()
    {
        foreach (string data in (string[])["[]", "[[]]", "[\"]\", \"a\\\"]\", \"\\\\\"]", "[ ]", "[1,2,[3]]", "\n\t[1]\r "])
        {
            byte[] json = Encoding.UTF8.GetBytes($$"""{"inputs":[{"name":"x","shape":[1],"data" : {{data}},"datatype":"FP32"},{{One.Replace("\"x\"", "\"y\"")}}],"id":"end"}""");
            var request = new InferRequest();
            InferRequestReader.Read(json, ProtocolLimits.Default, request);
            Assert.AreEqual(data.Trim(), Encoding.UTF8.GetString(json.AsSpan(request.Inputs[0].DataStart, request.Inputs[0].DataLength)));
            Assert.AreEqual("[1,2]", Encoding.UTF8.GetString(json.AsSpan(request.Inputs[1].DataStart, request.Inputs[1].DataLength)));
            Assert.AreEqual("end", request.IdText());
        }
    }

    [TestMethod]
    public void Refuses_json_that_is_not_json()
    {
        Refuse.Accept($$"""{"inputs":[{{One}}]}""");
        foreach (string bad in (string[])
            [
                "", " ", "{", "{\"inputs\":[" + One + "]", "{\"inputs\":[" + One + "]}x", "{\"inputs\":[" + One + "],}", "{\"inputs\":[" + One + ",]}",
                "{'inputs':[]}", "// c\n{\"inputs\":[]}", "{\"inputs\":[]}{}", "\ufeff{\"inputs\":[]}", "{\"inputs\":[],\"a\":01}", "{\"inputs\":[],\"a\":\"\n\"}",
                "{\"inputs\":[{\"data\":[1", "{\"inputs\":[{\"data\":[\"]", "{\"inputs\":[{\"data\"", "{\"inputs\":[{\"data\":", "{\"inputs\":[{\"data\":[1] \"name\":1}]}",
                "{\"inputs\":[{\"data\":[1]]}]}", "{\"inputs\":[],\"id\":\"\\ud800\"}", "{\"inputs\":[],\"parameters\":{\"p\":\"\\udc00\"}}", "{\"inputs\":[{\"data\":[\"\\",
            ])
        {
            Refuse.Head(Refusal.HeadMalformedJson, bad);
        }
    }

    [TestMethod]
    public void Refuses_a_head_that_is_not_utf8()
    {
        byte[] latin = Encoding.Latin1.GetBytes($$"""{"inputs":[{{One}}],"unknown":"é"}""");
        Refuse.With(Refusal.HeadMalformedJson, () => InferRequestReader.Read(latin, ProtocolLimits.Default, new InferRequest()));
        Refuse.Accept($$"""{"inputs":[{{One}}],"unknown":"é"}""");
    }

    [TestMethod]
    public void Refuses_a_head_above_its_limit()
    {
        string json = $$"""{"inputs":[{{One}}]}""";
        Refuse.Accept(json, new ProtocolLimits { MaxHeadBytes = json.Length });
        Refuse.Head(Refusal.HeadTooLarge, json, new ProtocolLimits { MaxHeadBytes = json.Length - 1 });
    }

    [TestMethod]
    public void Refuses_deep_nesting_wherever_it_is()
    {
        string Nested(int depth) => new string('[', depth) + new string(']', depth);
        string Unknown(int depth) => $$"""{"inputs":[],"u":{{Nested(depth)}}}""";
        string Data(int depth) => $$"""{"inputs":[{"name":"x","shape":[0],"datatype":"FP32","data":{{Nested(depth)}}}]}""";
        Refuse.Accept(Unknown(31));
        Refuse.Head(Refusal.HeadTooDeep, Unknown(32));
        Refuse.Head(Refusal.HeadTooDeep, Unknown(1_000_000));
        Refuse.Accept(Data(29));
        Refuse.Head(Refusal.HeadTooDeep, Data(30));
        Refuse.Head(Refusal.HeadTooDeep, Data(1_000_000));
        Refuse.Head(Refusal.HeadTooDeep, """{"inputs":[],"u":""" + string.Concat(Enumerable.Repeat("{\"a\":", 40)) + "1" + new string('}', 40) + "}");
    }

    [TestMethod]
    public void Refuses_known_members_given_twice()
    {
        Refuse.Accept($$$"""{"u":1,"u":2,"inputs":[{{{One}}}],"parameters":{"o":{},"o":1}, "v":0}""");
        foreach (string bad in (string[])
            [
                $$"""{"inputs":[{{One}}],"inputs":[]}""", """{"inputs":[],"id":"a","id":null}""", """{"inputs":[],"outputs":[],"outputs":[]}""",
                """{"inputs":[],"parameters":{},"parameters":{}}""", """{"inputs":[],"\u0069d":"a","id":"a"}""",
                """{"inputs":[],"parameters":{"p":1,"p":1}}""", """{"inputs":[],"parameters":{"binary_data_output":true,"binary_data_output":true}}""",
                """{"inputs":[{"name":"x","name":"x","shape":[1],"datatype":"INT8","data":[1]}]}""",
                """{"inputs":[{"name":"x","shape":[1],"shape":[1],"datatype":"INT8","data":[1]}]}""",
                """{"inputs":[{"name":"x","shape":[1],"datatype":"INT8","datatype":"INT8","data":[1]}]}""",
                """{"inputs":[{"name":"x","shape":[1],"datatype":"INT8","data":[1],"data":[1]}]}""",
                """{"inputs":[{"name":"x","shape":[1],"datatype":"INT8","parameters":{},"parameters":{},"data":[1]}]}""",
                """{"inputs":[{"name":"x","shape":[1],"datatype":"INT8","parameters":{"binary_data_size":1,"binary_data_size":1}}]}""",
                """{"inputs":[],"outputs":[{"name":"y","name":"y"}]}""", """{"inputs":[],"outputs":[{"name":"y","parameters":{},"parameters":{}}]}""",
                """{"inputs":[],"outputs":[{"name":"y","parameters":{"binary_data":true,"binary_data":true}}]}""",
            ])
        {
            Refuse.Head(Refusal.HeadDuplicateKey, bad);
        }
    }

    [TestMethod]
    public void Refuses_missing_members()
    {
        Refuse.Accept($$"""{"inputs":[{{One}}],"outputs":[{"name":"y"}]}""");
        Refuse.Head(Refusal.HeadMissingField, "{}");
        Refuse.Head(Refusal.HeadMissingField, """{"inputs":[{"shape":[1],"datatype":"INT8","data":[1]}]}""");
        Refuse.Head(Refusal.HeadMissingField, """{"inputs":[{"name":"x","datatype":"INT8","data":[1]}]}""");
        Refuse.Head(Refusal.HeadMissingField, """{"inputs":[{"name":"x","shape":[1],"data":[1]}]}""");
        Refuse.Head(Refusal.HeadMissingField, """{"inputs":[],"outputs":[{}]}""");
    }

    [TestMethod]
    public void Refuses_members_of_the_wrong_kind()
    {
        foreach (string bad in (string[])
            [
                "[]", "null", "1", "\"x\"", """{"inputs":null}""", """{"inputs":{}}""", """{"inputs":[1]}""", """{"inputs":[null]}""", """{"inputs":[],"id":1}""",
                """{"inputs":[],"parameters":[]}""", """{"inputs":[],"outputs":{}}""", """{"inputs":[],"outputs":["y"]}""", """{"inputs":[{"name":1}]}""",
                """{"inputs":[{"name":null}]}""", """{"inputs":[{"shape":1}]}""", """{"inputs":[{"shape":["1"]}]}""", """{"inputs":[{"shape":[1.0]}]}""",
                """{"inputs":[{"shape":[1e1]}]}""", """{"inputs":[{"shape":[[1]]}]}""", """{"inputs":[{"datatype":1}]}""", """{"inputs":[{"data":1}]}""",
                """{"inputs":[{"data":"x"}]}""", """{"inputs":[{"data":{}}]}""", """{"inputs":[{"parameters":1}]}""",
                """{"inputs":[{"parameters":{"binary_data_size":"4"}}]}""", """{"inputs":[{"parameters":{"binary_data_size":4.0}}]}""",
                """{"inputs":[],"outputs":[{"name":"y","parameters":{"binary_data":1}}]}""", """{"inputs":[],"parameters":{"binary_data_output":"true"}}""",
            ])
        {
            Refuse.Head(Refusal.HeadWrongFieldType, bad);
        }
    }

    [TestMethod]
    public void Refuses_more_tensors_than_allowed()
    {
        var limits = new ProtocolLimits { MaxTensors = 2 };
        string Inputs(int n) => "{\"inputs\":[" + string.Join(',', Enumerable.Range(0, n).Select(i => One.Replace("\"x\"", $"\"x{i}\""))) + "]}";
        string Outputs(int n) => "{\"inputs\":[],\"outputs\":[" + string.Join(',', Enumerable.Range(0, n).Select(i => $$"""{"name":"y{{i}}"}""")) + "]}";
        Assert.AreEqual(2, Refuse.Accept(Inputs(2), limits).Inputs.Length);
        Refuse.Head(Refusal.HeadTooManyTensors, Inputs(3), limits);
        Assert.AreEqual(2, Refuse.Accept(Outputs(2), limits).Outputs.Length);
        Refuse.Head(Refusal.HeadTooManyTensors, Outputs(3), limits);
    }

    [TestMethod]
    public void Refuses_more_parameters_than_allowed_but_skips_what_is_no_parameter()
    {
        string Parameters(int n, string value) =>
            "{\"inputs\":[],\"parameters\":{" + string.Join(',', Enumerable.Range(0, n).Select(i => $"\"p{i}\":{value}")) + "}}";
        Assert.AreEqual(64, Refuse.Accept(Parameters(64, "1")).Parameters.Length);
        Refuse.Head(Refusal.HeadTooManyParameters, Parameters(65, "1"));
        Assert.AreEqual(0, Refuse.Accept(Parameters(1000, "null")).Parameters.Length);
        Assert.AreEqual(0, Refuse.Accept(Parameters(1000, "{\"a\":[1]}")).Parameters.Length);
        Assert.AreEqual(0, Refuse.Accept($$$"""{"inputs":[],"parameters":{"{{{new string('n', 257)}}}":1,"":1,"\ud800":1}}""").Parameters.Length);
    }

    [TestMethod]
    public void Refuses_ids_names_and_texts_that_are_too_long()
    {
        string Id(int n) => $$"""{"inputs":[],"id":"{{new string('i', n)}}"}""";
        string Name(string name) => $$"""{"inputs":[{"name":"{{name}}","shape":[0],"datatype":"INT8","data":[]}]}""";
        string Text(int n) => $$$"""{"inputs":[],"parameters":{"p":"{{{new string('t', n)}}}"}}""";
        Assert.AreEqual(256, Refuse.Accept(Id(256)).Id.Length);
        Refuse.Head(Refusal.HeadIdTooLong, Id(257));
        Refuse.Head(Refusal.HeadIdTooLong, Id(100_000));
        Assert.AreEqual(256, Refuse.Accept(Name(string.Concat(Enumerable.Repeat("\\u00e9", 128)))).Inputs[0].Name.Length);
        Refuse.Head(Refusal.HeadNameTooLong, Name(string.Concat(Enumerable.Repeat("\\u00e9", 129))));
        Refuse.Head(Refusal.HeadNameTooLong, Name(new string('x', 5000)));
        Refuse.Accept(Text(4096));
        Refuse.Head(Refusal.HeadTooLarge, Text(4097));
    }

    [TestMethod]
    public void Refuses_names_that_are_no_text()
    {
        string Name(string name) => $$"""{"inputs":[{"name":"{{name}}","shape":[0],"datatype":"INT8","data":[]}]}""";
        Refuse.Accept(Name("наме 1 \\ud83d\\ude00"));
        foreach (string bad in (string[])["", "\\u0000", "a\\nb", "\\u007f", "\\ud800", "\\ud800\\u0041"])
        {
            Refuse.Head(Refusal.InputTextInvalid, Name(bad));
        }
    }

    [TestMethod]
    public void Refuses_unknown_types()
    {
        string Type(string type) => $$"""{"inputs":[{"name":"x","shape":[0],"datatype":"{{type}}","data":[]}]}""";
        Assert.AreEqual(ElementType.BFloat16, Refuse.Accept(Type("\\u0042F16")).Inputs[0].Type);
        foreach (string bad in (string[])["", "fp32", "STRING", "FP32 ", "FP320", "TYPE_FP32", new string('F', 5000)])
        {
            Refuse.Head(Refusal.InputUnknownType, Type(bad));
        }
    }

    [TestMethod]
    public void Refuses_shapes_that_are_negative_too_long_or_overflow()
    {
        string Shape(string shape, string type = "INT8") => $$"""{"inputs":[{"name":"x","shape":[{{shape}}],"datatype":"{{type}}","data":[]}]}""";
        Refuse.Accept(Shape(string.Join(',', Enumerable.Repeat(1, 16))));
        Refuse.Accept(Shape("-0"));
        Refuse.Accept(Shape("9223372036854775807"));
        Refuse.Accept(Shape("9223372036854775807,9223372036854775807,0"));
        Refuse.Head(Refusal.InputWrongShape, Shape("-1"));
        Refuse.Head(Refusal.InputWrongShape, Shape("-99999999999999999999"));
        Refuse.Head(Refusal.InputWrongShape, Shape(string.Join(',', Enumerable.Repeat(1, 17))));
        Refuse.Head(Refusal.InputShapeOverflow, Shape("9223372036854775808"));
        Refuse.Head(Refusal.InputShapeOverflow, Shape("4294967296,4294967296"));
        Refuse.Head(Refusal.InputShapeOverflow, Shape("4611686018427387904", "FP32"));
        Refuse.Head(Refusal.InputShapeOverflow, Shape("9223372036854775807", "BYTES"));
    }

    [TestMethod]
    public void Refuses_data_and_binary_size_together_and_neither()
    {
        string Input(string rest) => $$"""{"inputs":[{"name":"x","shape":[1],"datatype":"INT8"{{rest}}}]}""";
        Refuse.Accept(Input(",\"data\":[1]"));
        Refuse.Accept(Input(",\"parameters\":{\"binary_data_size\":1}"));
        Refuse.Accept(Input(",\"parameters\":{\"binary_data_size\":1},\"data\":null"));
        Refuse.Head(Refusal.InputDataConflict, Input(",\"data\":[1],\"parameters\":{\"binary_data_size\":1}"));
        Refuse.Head(Refusal.InputDataConflict, Input(",\"parameters\":{\"binary_data_size\":0},\"data\":[]"));
        Refuse.Head(Refusal.InputDataMissing, Input(""));
        Refuse.Head(Refusal.InputDataMissing, Input(",\"parameters\":{\"binary_data_size\":null}"));
    }

    [TestMethod]
    public void Refuses_impossible_binary_sizes()
    {
        string Input(string size) => $$$"""{"inputs":[{"name":"x","shape":[1],"datatype":"INT8","parameters":{"binary_data_size":{{{size}}}}}]}""";
        Assert.AreEqual(long.MaxValue, Refuse.Accept(Input("9223372036854775807")).Inputs[0].BinarySize);
        Refuse.Head(Refusal.InputWrongByteCount, Input("-1"));
        Refuse.Head(Refusal.InputWrongByteCount, Input("9223372036854775808"));
    }

    [TestMethod]
    public void Refuses_tensors_named_twice()
    {
        Refuse.Accept($$"""{"inputs":[{{One}},{{One.Replace("\"x\"", "\"X\"")}}],"outputs":[{"name":"y"},{"name":"Y"}]}""");
        Refuse.Head(Refusal.InputDuplicate, $$"""{"inputs":[{{One}},{{One.Replace("\"x\"", "\"\\u0078\"")}}]}""");
        Refuse.Head(Refusal.OutputDuplicate, """{"inputs":[],"outputs":[{"name":"y"},{"name":"y"}]}""");
    }

    [TestMethod]
    public void Refuses_client_named_shared_memory()
    {
        foreach (string name in (string[])["shared_memory_region", "shared_memory_byte_size", "shared_memory_offset", "shared_memor\\u0079_region"])
        {
            Refuse.Head(Refusal.InputSharedMemory, $$$"""{"inputs":[{"name":"x","shape":[1],"datatype":"INT8","parameters":{"{{{name}}}":"r"}}]}""");
            Refuse.Head(Refusal.InputSharedMemory, $$$"""{"inputs":[],"outputs":[{"name":"y","parameters":{"{{{name}}}":1}}]}""");
        }

        Refuse.Accept("""{"inputs":[],"outputs":[{"name":"y","parameters":{"shared":1}}]}""");
    }

    [TestMethod]
    public void Refuses_classification_because_it_changes_the_answers_type()
    {
        string Output(string value) => $$$"""{"inputs":[],"outputs":[{"name":"y","parameters":{"classification":{{{value}}}}}]}""";
        Refuse.Accept(Output("0"));
        Refuse.Accept(Output("null"));
        Refuse.Head(Refusal.HeadParameterUnsupported, Output("3"));
        Refuse.Head(Refusal.HeadParameterUnsupported, Output("\"x\""));
    }

    [TestMethod]
    public void Parameter_numbers_of_any_size_are_kept()
    {
        (string Text, InferParameterKind Kind)[] cases =
        [
            ("-9223372036854775808", InferParameterKind.Integer), ("9223372036854775808", InferParameterKind.UnsignedInteger),
            ("18446744073709551616", InferParameterKind.Real), ("-9223372036854775809", InferParameterKind.Real), ("1.0", InferParameterKind.Real),
            ("1e400", InferParameterKind.Real), ("1" + new string('0', 5000), InferParameterKind.Real), ("1e-99999999999", InferParameterKind.Real),
        ];
        foreach ((string text, InferParameterKind kind) in cases)
        {
            InferRequest request = Refuse.Accept($$$"""{"inputs":[],"parameters":{"p":{{{text}}}}}""");
            Assert.IsTrue(request.TryGetParameter("p"u8, out InferParameter p));
            Assert.AreEqual(kind, p.Kind, text);
            if (kind == InferParameterKind.Real)
            {
                Assert.AreEqual(double.Parse(text), p.Real);
            }
        }
    }

    [TestMethod]
    public void A_pooled_request_reads_again_without_allocating_and_forgets_the_one_before()
    {
        byte[] large = Encoding.UTF8.GetBytes(
            $$$"""{"id":"secret-id","inputs":[{{{One}}}],"outputs":[{"name":"y"}],"parameters":{"a":"text","b":1.5,"priority":2,"binary_data_output":true}}""");
        var request = new InferRequest();
        InferRequestReader.Read(large, ProtocolLimits.Default, request);
        InferRequestReader.Read("{\"inputs\":[]}"u8, ProtocolLimits.Default, request);
        Assert.IsTrue(!request.HasId && request.Inputs.IsEmpty && request.Outputs.IsEmpty && request.Parameters.IsEmpty && request.BinaryDataOutput is null);
        for (int i = 0; i < 100; i++)
        {
            InferRequestReader.Read(large, ProtocolLimits.Default, request);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            InferRequestReader.Read(large, ProtocolLimits.Default, request);
        }

        // The smallest object has 24 bytes: less than one for each read. (The runtime's own pools may trim on this thread meanwhile.)
        Assert.IsLessThan(24 * 1000L, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
