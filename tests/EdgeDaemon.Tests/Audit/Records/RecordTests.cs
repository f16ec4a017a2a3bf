using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Records;

namespace EdgeDaemon.Tests.Audit.Records;

[TestClass]
public sealed partial class RecordTests
{
    [TestMethod]
    public void The_table_of_the_readme_is_the_codes()
    {
        string[] lines = File.ReadAllLines(Repository.File("src/EdgeDaemon.Core/Audit/README.md"));
        int fields = 0;
        int kinds = 0;
        foreach (string line in lines)
        {
            if (FieldRow().Match(line) is { Success: true } row)
            {
                FieldRule rule = FieldRule.Of((RecordField)Number(row, 1))!;
                string form = rule.Form switch { FieldForm.Number => "n", FieldForm.Text => "t", _ => "b" } + (rule.IsList ? "*" : "") + (rule.IsIdentifying ? " (i)" : "");
                Assert.AreEqual(row.Groups[2].Value, rule.Name.ToString());
                Assert.AreEqual(row.Groups[3].Value, form, line);
                Assert.AreEqual(row.Groups[4].Value.Length == 0 ? 0 : Number(row, 4), rule.Bound, line);
                Assert.AreEqual(row.Groups[2].Value.Replace("_", "", StringComparison.Ordinal), ((RecordField)Number(row, 1)).ToString().ToLowerInvariant());
                fields++;
            }
            else if (KindRow().Match(line) is { Success: true } kind)
            {
                Assert.AreEqual(kind.Groups[2].Value, RecordKinds.Name((RecordKind)Number(kind, 1))!.Value.ToString());
                Assert.AreEqual((RecordKind)Number(kind, 1), RecordKinds.Find(kind.Groups[2].Value));
                Assert.AreEqual(kind.Groups[2].Value.Replace("_", "", StringComparison.Ordinal), ((RecordKind)Number(kind, 1)).ToString().ToLowerInvariant());
                kinds++;
            }
        }

        Assert.AreEqual(Enum.GetValues<RecordField>().Length, fields);
        Assert.AreEqual(Enum.GetValues<RecordKind>().Length, kinds);
        Assert.AreEqual(kinds + 1, RecordKinds.Count);
    }

    [TestMethod]
    public void What_is_written_is_read()
    {
        byte[] buffer = new byte[1024];
        var writer = new RecordWriter(buffer, RecordKind.Request);
        writer.Text(RecordField.Tenant, "bücher"u8);
        writer.Text(RecordField.Model, "digits");
        writer.Number(RecordField.Status, 200UL);
        writer.Number(RecordField.TotalMicroseconds, -5);
        writer.Number(RecordField.InputBytes, ulong.MaxValue);
        writer.Bytes(RecordField.Release, new byte[32]);
        writer.Number(RecordField.Class, 7UL);
        writer.Number(RecordField.Class, 3UL);
        writer.Millionths(RecordField.AgreementMillionths, 0.75);
        writer.Text(RecordField.Detail, "");
        byte[] record = buffer[..writer.Finish()];
        Assert.AreEqual(
            """{"kind":"request","tenant":"b\u00FCcher","model":"digits","release":"0000000000000000000000000000000000000000000000000000000000000000","status":200,"class":[7,3],"agreement_millionths":[750000],"input_bytes":18446744073709551615,"total_microseconds":0}""",
            Json(record));
        Assert.AreEqual(0, writer.LeftOut);
    }

    [TestMethod]
    public void A_frame_as_json_names_its_place_and_time()
    {
        byte[] buffer = new byte[64];
        var writer = new RecordWriter(buffer, RecordKind.Heartbeat);
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            RecordJson.Write(json, 41, 1767225600123456, buffer.AsSpan(0, writer.Finish()));
        }

        Assert.AreEqual("""{"sequence":41,"time":"2026-01-01T00:00:00.123456Z","kind":"heartbeat"}""", Encoding.UTF8.GetString(bytes.WrittenSpan));
    }

    [TestMethod]
    [DataRow(62, false)]
    [DataRow(64, false)]
    [DataRow(65, true)]
    [DataRow(5000, true)]
    public void A_text_that_is_too_long_is_cut_between_characters_and_marked(int length, bool cut)
    {
        foreach (bool chars in new[] { true, false })
        {
            string text = string.Concat(Enumerable.Repeat("é", length / 2)) + (length % 2 == 1 ? "x" : "");
            byte[] buffer = new byte[1024];
            var writer = new RecordWriter(buffer, RecordKind.Request);
            if (chars)
            {
                writer.Text(RecordField.Tenant, text);
            }
            else
            {
                writer.Text(RecordField.Tenant, Encoding.UTF8.GetBytes(text));
            }

            byte[] record = buffer[..writer.Finish()];
            var reader = new RecordReader(record);
            Assert.IsTrue(reader.Next());
            Assert.AreEqual(cut ? FieldForm.CutText : FieldForm.Text, reader.Form);
            Assert.AreEqual(Math.Min(length, 64), reader.Bytes.Length);
            Assert.AreEqual(cut, Json(record).Contains("\\u2026\",\"cut\":[\"tenant\"]", StringComparison.Ordinal));
        }
    }

    [TestMethod]
    public void Half_a_character_is_never_kept()
    {
        byte[] buffer = new byte[1024];
        var writer = new RecordWriter(buffer, RecordKind.Request);
        writer.Text(RecordField.Tenant, "x" + string.Concat(Enumerable.Repeat("é", 40)));
        byte[] record = buffer[..writer.Finish()];
        var reader = new RecordReader(record);
        Assert.IsTrue(reader.Next());
        Assert.AreEqual(63, reader.Bytes.Length);
    }

    [TestMethod]
    public void Bytes_of_the_wire_that_are_no_text_are_made_one()
    {
        byte[] buffer = new byte[1024];
        var writer = new RecordWriter(buffer, RecordKind.Refusal);
        writer.Text(RecordField.Model, [0x61, 0xFF, 0xC3, 0x62]);
        writer.Text(RecordField.Detail, "a\ud800b");
        byte[] record = buffer[..writer.Finish()];
        RecordReader.Check(record);
        StringAssert.Contains(Json(record), "a\\uFFFD\\uFFFDb");
        StringAssert.Contains(Json(record), "a\\uFFFDb");
    }

    // The writer stands in the line of every request: whatever is put into it, it neither throws nor writes behind its memory.
    [TestMethod]
    public void Any_fields_in_any_memory_make_a_record()
    {
        var random = new Random(11);
        RecordField[] fields = Enum.GetValues<RecordField>();
        for (int round = 0; round < 3000; round++)
        {
            byte[] memory = new byte[512 + 16];
            memory.AsSpan().Fill(0xEE);
            int room = random.Next(RecordWriter.SmallestBuffer, 512);
            var writer = new RecordWriter(memory.AsSpan(0, room), RecordKind.Request);
            for (int count = random.Next(30); count > 0; count--)
            {
                RecordField field = random.Next(20) == 0 ? (RecordField)random.Next(256) : fields[random.Next(fields.Length)];
                byte[] value = new byte[random.Next(80)];
                random.NextBytes(value);
                switch (random.Next(5))
                {
                    case 0:
                        writer.Number(field, (ulong)random.NextInt64() >> random.Next(64));
                        break;
                    case 1:
                        writer.Text(field, value);
                        break;
                    case 2:
                        writer.Bytes(field, value);
                        break;
                    case 3:
                        writer.Millionths(field, random.NextDouble() * Math.Pow(10, random.Next(-10, 40)) * (random.Next(5) == 0 ? double.NaN : 1));
                        break;
                    default:
                        writer.Text(field, new string((char)random.Next(65536), random.Next(50)));
                        break;
                }
            }

            int leftOut = writer.LeftOut;
            int length = writer.Finish();
            Assert.IsTrue(length <= room);
            Assert.AreEqual(-1, memory.AsSpan(room).IndexOfAnyExcept((byte)0xEE), "wrote behind its memory");
            byte[] record = memory[..length];
            RecordReader.Check(record);
            using var json = JsonDocument.Parse(Json(record));
            Assert.AreEqual(leftOut, json.RootElement.TryGetProperty("left_out_fields", out JsonElement counted) ? counted.GetInt32() : 0);
        }
    }

    [TestMethod]
    public void What_comes_twice_is_counted_and_not_written()
    {
        byte[] buffer = new byte[256];
        var writer = new RecordWriter(buffer, RecordKind.Request);
        writer.Number(RecordField.Status, 200UL);
        writer.Number(RecordField.Status, 500UL);
        writer.Bytes(RecordField.Release, new byte[33]);
        Assert.AreEqual("""{"kind":"request","status":200,"left_out_fields":2}""", Json(buffer.AsSpan(0, writer.Finish())));
    }

    [TestMethod]
    [DataRow("", "no kind")]
    [DataRow("00", "kind zero")]
    [DataRow("80", "kind above 127")]
    [DataRow("0178", "a number without a value")]
    [DataRow("017880", "a number without an end")]
    [DataRow("01788000", "a number in a longer form")]
    [DataRow("0178ffffffffffffffffff02", "a number of 65 bits")]
    [DataRow("0100", "field zero")]
    [DataRow("01800801", "field 128")]
    [DataRow("0115", "form 5")]
    [DataRow("01110261", "longer than the record")]
    [DataRow("011101ff", "no UTF-8")]
    [DataRow("011001", "a text as a number")]
    [DataRow("0111016111016a", "twice")]
    [DataRow("011100", "empty")]
    [DataRow("0114020000", "a redacted value of two bytes")]
    [DataRow("013c02c328", "a list's text that is no UTF-8")]
    public void What_is_no_record_is_refused(string hex, string why)
    {
        byte[] record = Convert.FromHexString(hex);
        Assert.ThrowsExactly<AuditFormatException>(() => RecordReader.Check(record), why);
    }

    [TestMethod]
    public void Unknown_fields_and_kinds_are_passed_on()
    {
        // Kind 100, field 120: a number twice, field 121: bytes.
        byte[] record = Convert.FromHexString("64c00705c00706ca0702abcd");
        Assert.AreEqual("""{"kind":"kind_100","field_120":[5,6],"field_121":["abcd"]}""", Json(record));
    }

    [TestMethod]
    public void Identifying_texts_are_redacted_and_can_be_looked_up()
    {
        var redaction = new Redaction(Enumerable.Range(0, 32).Select(n => (byte)n).ToArray());
        byte[] buffer = new byte[512];
        var writer = new RecordWriter(buffer, RecordKind.Request, redaction);
        writer.Text(RecordField.Caller, "unix:1000");
        writer.Text(RecordField.Tenant, "unix:1000");
        writer.Text(RecordField.Peer, "unix:1000");
        byte[] record = buffer[..writer.Finish()];
        Assert.AreEqual(1, Count(record, "unix:1000"u8), "the tenant's name is not identifying");

        // Made with Python: hmac.new(salt, b"\x03unix:1000", "sha256"), and the id with hashlib.
        StringAssert.Contains(Json(record), "\"caller\":\"hmac:" + SaltId + ":" + CallerHmac + "\"");
        var reader = new RecordReader(record);
        Assert.IsTrue(reader.Find(RecordField.Caller));
        Assert.IsTrue(redaction.Matches(RecordField.Caller, "unix:1000"u8, reader.Bytes));
        Assert.IsFalse(redaction.Matches(RecordField.Caller, "unix:1001"u8, reader.Bytes));
        Assert.IsFalse(redaction.Matches(RecordField.Peer, "unix:1000"u8, reader.Bytes), "the field's number is in it");
        Assert.IsFalse(new Redaction(new byte[32]).Matches(RecordField.Caller, "unix:1000"u8, reader.Bytes), "another salt");
        Assert.ThrowsExactly<ArgumentException>(() => new Redaction(new byte[31]));
    }

    [TestMethod]
    public void Writing_allocates_nothing()
    {
        var redaction = new Redaction(new byte[32]);
        byte[] buffer = new byte[1024];
        byte[] digest = new byte[32];
        string caller = "cert:spiffe://fleet/device";
        for (int warm = 0; warm < 2; warm++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int round = 0; round < 100; round++)
            {
                var writer = new RecordWriter(buffer, RecordKind.Request, redaction);
                writer.Text(RecordField.Caller, caller);
                writer.Text(RecordField.Detail, caller);
                writer.Text(RecordField.Model, "digits"u8);
                writer.Bytes(RecordField.Release, digest);
                writer.Number(RecordField.TotalMicroseconds, 1234UL);
                writer.Finish();
            }

            Assert.IsTrue(warm == 0 || GC.GetAllocatedBytesForCurrentThread() == before);
        }
    }

    private const string SaltId = "74a1b025";
    private const string CallerHmac = "40075b183c4ad83ea8ffe70fa16225b8b8e8b55065adf4f966a0adbceb18b2c0";

    private static int Count(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> part)
    {
        int count = 0;
        for (int at; (at = bytes.IndexOf(part)) >= 0; bytes = bytes[(at + 1)..])
        {
            count++;
        }

        return count;
    }

    private static string Json(ReadOnlySpan<byte> record)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            RecordJson.WriteFields(json, record);
            json.WriteEndObject();
        }

        using var valid = JsonDocument.Parse(bytes.WrittenMemory);
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    private static int Number(Match row, int group) => int.Parse(row.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\| (\d+) \| `(\w+)` \| ([ntb]\*?(?: \(i\))?) \| ?(\d*) ?\|")]
    private static partial Regex FieldRow();

    [GeneratedRegex(@"^\| (\d+) \| `(\w+)` \| [^|]{4,} \|$")]
    private static partial Regex KindRow();
}
