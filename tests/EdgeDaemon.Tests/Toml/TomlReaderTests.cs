using System.Diagnostics;
using System.Text;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Tests.Toml;

[TestClass]
public sealed class TomlReaderTests
{
    private const int Mebibyte = 1 << 20;

    [TestMethod]
    [DataRow("array")]
    [DataRow("inline table")]
    [DataRow("header")]
    [DataRow("dotted key")]
    [DataRow("array of tables")]
    public void Nesting_is_allowed_to_the_limit_and_no_further(string kind)
    {
        int deepest = 0;
        for (int depth = 1; depth < 200; depth++)
        {
            try
            {
                Read(Nested(kind, depth));
                Assert.AreEqual(depth - 1, deepest, "accepted again behind a refusal");
                deepest = depth;
            }
            catch (TomlException refused)
            {
                StringAssert.Contains(refused.Diagnostic.Message, "64", StringComparison.Ordinal);
                Assert.AreEqual("f", refused.Diagnostic.File);
            }
        }

        // Counted in the repetitions of Nested: n dotted names make n - 1 tables, n levels of [[a.a]] make 2n.
        Assert.AreEqual(kind switch { "dotted key" => 65, "array of tables" => 32, _ => 64 }, deepest);
    }

    [TestMethod]
    public void A_text_above_the_cap_is_refused_and_one_at_the_cap_is_read()
    {
        byte[] text = new byte[Mebibyte];
        text.AsSpan().Fill((byte)'\n');
        TomlReader.Read(text, "f");
        var refused = Assert.ThrowsExactly<TomlException>(() => TomlReader.Read(new byte[Mebibyte + 1], "f"));
        Assert.AreEqual("f:1:1: the file has 1048577 bytes, more than the 1048576 allowed", refused.Message);
        refused = Assert.ThrowsExactly<TomlException>(() => TomlReader.Read("a = 1"u8, "f", maxBytes: 4));
        Assert.AreEqual(1, refused.Diagnostic.Line);
    }

    [TestMethod]
    [DataRow("flat keys")]
    [DataRow("headers")]
    [DataRow("array of tables")]
    [DataRow("elements")]
    [DataRow("strings")]
    [DataRow("one string")]
    [DataRow("one integer")]
    [DataRow("one float")]
    [DataRow("open arrays")]
    [DataRow("open brackets")]
    [DataRow("inline tables")]
    [DataRow("comments")]
    [DataRow("escapes")]
    [DataRow("folded lines")]
    [DataRow("dotted keys")]
    [DataRow("long key")]
    [DataRow("quotes")]
    [DataRow("dates")]
    [DataRow("invalid at the end")]
    public void A_mebibyte_of_hostile_text_takes_little_time(string kind)
    {
        byte[] text = Hostile(kind);
        Assert.IsTrue(text.Length is <= Mebibyte and > Mebibyte / 2, $"{text.Length}");
        Try(text);
        var clock = Stopwatch.StartNew();
        Try(text);
        // Quadratic work would be 10^12 steps; linear work is some 50 ms here, and the bound leaves room for a slow machine.
        Assert.IsTrue(clock.Elapsed < TimeSpan.FromSeconds(10), $"{clock.Elapsed}");

        static void Try(byte[] text)
        {
            try
            {
                TomlReader.Read(text, "f");
            }
            catch (TomlException)
            {
                // Some of them are no TOML; the time is the point.
            }
        }
    }

    [TestMethod]
    public void A_column_counts_characters_and_a_line_counts_line_feeds()
    {
        var refused = Assert.ThrowsExactly<TomlException>(() => Read("a = 1\r\n'\u00e4\U0001F600' = ?"));
        Assert.AreEqual((2, 8), (refused.Diagnostic.Line, refused.Diagnostic.Column));
        refused = Assert.ThrowsExactly<TomlException>(() => Read("a = 1\nb = 2\na = 3"));
        Assert.AreEqual("f:3:1: 'a' is already defined on line 1: remove one of the two", refused.Message);
    }

    [TestMethod]
    public void A_message_shows_no_control_or_invisible_character_of_the_text()
    {
        var refused = Assert.ThrowsExactly<TomlException>(() => Read("\"a\\n\\u202eb\" = 1\n\"a\\n\\u202eb\" = 1"));
        Assert.AreEqual(@"'a\u{A}\u{202E}b' is already defined on line 1: remove one of the two", refused.Diagnostic.Message);
    }

    [TestMethod]
    public void A_leap_second_and_the_year_0_are_refused()
    {
        Assert.ThrowsExactly<TomlException>(() => Read("a = 1990-12-31T23:59:60Z"));
        Assert.ThrowsExactly<TomlException>(() => Read("a = 0000-01-01"));
    }

    [TestMethod]
    public void An_offset_that_leaves_the_calendar_is_read_and_has_no_instant()
    {
        Assert.IsTrue(Read("a = 0001-01-01T00:00:00+01:00").TryGet("a", out TomlEntry? entry));
        Assert.IsFalse(((TomlOffsetDateTime)entry.Value).TryGetInstant(out _));
    }

    private static TomlTable Read(string text) => TomlReader.Read(Encoding.UTF8.GetBytes(text), "f");

    private static string Nested(string kind, int depth) => kind switch
    {
        "array" => $"a = {new string('[', depth)}{new string(']', depth)}",
        "inline table" => $"a = {string.Concat(Enumerable.Repeat("{a=", depth - 1))}{{}}{new string('}', depth - 1)}",
        "header" => $"[{string.Join('.', Enumerable.Repeat("a", depth))}]",
        "dotted key" => $"{string.Join('.', Enumerable.Repeat("a", depth))} = 1",
        _ => string.Concat(Enumerable.Range(1, depth).Select(d => $"[[{string.Join('.', Enumerable.Repeat("a", d))}]]\n")),
    };

    private static byte[] Hostile(string kind) => kind switch
    {
        "flat keys" => Fill(i => $"k{i}=1\n"),
        "headers" => Fill(i => $"[t{i}]\n"),
        "array of tables" => Fill(_ => "[[a]]\n"),
        "elements" => Fill(_ => "1,", "a=["),
        "strings" => Fill(_ => "'',", "a=["),
        "one string" => Fill(_ => "x", "a='"),
        "one integer" => Fill(_ => "9", "a="),
        "one float" => Fill(_ => "9", "a=0."),
        "open arrays" => Fill(i => $"a{i}=[[[[\n"),
        "open brackets" => Fill(_ => "[", "a="),
        "inline tables" => Fill(i => $"{{a{i}=1}},", "a=["),
        "comments" => Fill(_ => "#\n"),
        "escapes" => Fill(_ => "\\u0041", "a=\""),
        "folded lines" => Fill(_ => "\\\n", "a=\"\"\""),
        "dotted keys" => Fill(i => $"a.b.c.k{i}=1\n"),
        "long key" => Fill(_ => "k"),
        "quotes" => Fill(_ => "\"\" ", "a=\"\"\""),
        "dates" => Fill(_ => "1979-05-27 07:32:00,", "a=["),
        _ => Fill(_ => "#\n", end: [0xFF]),
    };

    private static byte[] Fill(Func<int, string> part, string start = "", byte[]? end = null)
    {
        var text = new StringBuilder(start, Mebibyte);
        for (int i = 0; ; i++)
        {
            string next = part(i);
            if (text.Length + next.Length + 1 > Mebibyte)
            {
                return [.. Encoding.ASCII.GetBytes(text.ToString()), .. end ?? []];
            }

            text.Append(next);
        }
    }
}
