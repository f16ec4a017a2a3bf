using System.Diagnostics;
using System.Text;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Tests.Toml;

[TestClass]
public sealed class TomlSectionTests
{
    [TestMethod]
    public void All_errors_come_at_once_in_the_order_of_the_file()
    {
        string[] errors = Errors(
            """
            format = 1
            count = 11
            nmae = "x"
            word = "gren"
            [sub]
            flag = 1
            """,
            root =>
            {
                root.Format(1);
                root.Table("sub")!.Boolean("flag", false);
                root.RequiredString("name");
                root.Choice("word", 0, ("red", 0), ("green", 1));
                root.Integer("count", 0, 0, 10);
            });
        CollectionAssert.AreEqual(
            (string[])
            [
                "f:1:1: missing key 'name' in the file",
                "f:2:9: 'count' must be between 0 and 10, not 11",
                "f:3:1: unknown key 'nmae' in the file; did you mean 'name'?",
                "f:4:8: 'word' must be one of \"red\", \"green\", not 'gren'; did you mean 'green'?",
                "f:6:8: 'sub.flag' must be true or false, not an integer",
            ],
            errors);
    }

    [TestMethod]
    public void An_unknown_key_near_to_none_is_told_what_is_known()
    {
        string[] errors = Errors("zzzzzz = 1", root =>
        {
            root.Integer("beta", 0, 0, 1);
            root.Integer("alpha", 0, 0, 1);
        });
        CollectionAssert.AreEqual((string[])["f:1:1: unknown key 'zzzzzz' in the file; known here: alpha, beta"], errors);
    }

    [TestMethod]
    public void A_key_of_other_case_or_with_a_dash_is_suggested()
    {
        foreach (string typed in (string[])["MAX_BYTES", "max-bytes", "mx_bytes", "max_btyes"])
        {
            string[] errors = Errors($"{typed} = 1", root => root.Integer("max_bytes", 0, 0, 1));
            StringAssert.EndsWith(errors.Single(), "did you mean 'max_bytes'?", StringComparison.Ordinal);
        }
    }

    [TestMethod]
    public void Unknown_keys_of_a_sub_table_and_of_an_element_are_refused_there()
    {
        string[] errors = Errors("[a]\nx = 1\n[[b]]\ny = 1", root =>
        {
            root.Table("a");
            Assert.AreEqual(1, root.Tables("b", 4).Count);
        });
        CollectionAssert.AreEqual(
            (string[])["f:2:1: unknown key 'x' in [a]; known here: ", "f:4:1: unknown key 'y' in [[b]]; known here: "],
            errors);
    }

    [TestMethod]
    [DataRow("", "f:1:1: 'format = 1' must be the first key of the file: add it at the top")]
    [DataRow("a = 1\nformat = 1", "f:2:1: 'format = 1' must be the first key of the file: move it to the top")]
    [DataRow("format = 2", "f:1:10: this program reads format 1 of this file, and no other")]
    [DataRow("format = '1'", "f:1:10: this program reads format 1 of this file, and no other")]
    [DataRow("format = 1.0", "f:1:10: this program reads format 1 of this file, and no other")]
    public void Format_is_the_first_key_and_the_number_known(string text, string error)
    {
        string[] errors = Errors(text, root =>
        {
            root.Format(1);
            root.Has("a");
        });
        CollectionAssert.AreEqual((string[])[error], errors);
    }

    [TestMethod]
    public void Format_alone_decides_whether_the_rest_means_anything()
    {
        Assert.IsTrue(Section("format = 1").Format(1));
        Assert.IsTrue(Section("a = 1\nformat = 1").Format(1), "its place is an error of its own");
        Assert.IsFalse(Section("format = 2").Format(1));
    }

    [TestMethod]
    public void Both_ends_of_a_range_are_inside_it()
    {
        foreach ((string value, bool good) in ((string, bool)[])[("-3", false), ("-2", true), ("5", true), ("6", false), ("9223372036854775807", false)])
        {
            Assert.AreEqual(good, Errors($"a = {value}", root => root.Integer("a", 0, -2, 5)).Length == 0, value);
            Assert.AreEqual(good, Errors($"a = {value}", root => root.RequiredInteger("a", -2, 5)).Length == 0, value);
            Assert.AreEqual(good, Errors($"a = {value}", root => root.Float("a", 0, -2, 5)).Length == 0, value);
            Assert.AreEqual(good, Errors($"a = [{value}]", root => root.RequiredIntegers("a", 4, -2, 5)).Length == 0, value);
        }
    }

    [TestMethod]
    [DataRow("nan")]
    [DataRow("inf")]
    [DataRow("-inf")]
    public void A_float_that_is_not_finite_is_in_no_range(string value) =>
        Assert.AreEqual("f:1:5: 'a' must be between -2 and 5", Errors($"a = {value}", root => root.Float("a", 0, -2, 5)).Single());

    [TestMethod]
    public void A_string_longer_than_allowed_or_refused_by_its_check_is_an_error_at_the_string()
    {
        Assert.AreEqual("f:1:5: 'a' has 3 characters, more than the 2 allowed", Errors("a = 'xyz'", root => root.String("a", "", 2)).Single());
        Assert.AreEqual("f:1:5: 'a' is bad", Errors("a = 'x'", root => root.String("a", "", 2, _ => "is bad")).Single());
        Assert.AreEqual(0, Errors("a = 'xy'", root => root.String("a", "", 2)).Length);
    }

    [TestMethod]
    public void A_list_is_neither_empty_nor_too_long_nor_repeats_itself()
    {
        static void Read(TomlSection root) => root.RequiredStrings("a", 2);
        Assert.AreEqual("f:1:1: missing key 'a' in the file", Errors("", Read).Single());
        Assert.AreEqual("f:1:5: 'a' must not be empty", Errors("a = []", Read).Single());
        Assert.AreEqual("f:1:5: 'a' has 3 elements, more than the 2 allowed", Errors("a = ['x', 'y', 'z']", Read).Single());
        Assert.AreEqual("f:1:5: 'a' names the same thing twice", Errors("a = ['x', 'x']", Read).Single());
        Assert.AreEqual("f:1:11: each element of 'a' must be a string, not an integer", Errors("a = ['x', 1]", Read).Single());
        Assert.AreEqual("f:1:5: 'a' must be an array, each element a string, not a string", Errors("a = 'x'", Read).Single());
        Assert.AreEqual("f:1:6: 'a' must be one of \"red\", not 'blue'", Errors("a = ['blue']", root => root.RequiredChoices("a", ("red", 1))).Single());
    }

    [TestMethod]
    public void A_date_time_needs_an_offset_and_an_instant()
    {
        Assert.AreEqual(
            "f:1:5: 'a' must be a date-time with an offset, like 2026-01-31T12:00:00Z, not a local date-time",
            Errors("a = 2026-01-31T12:00:00", root => root.RequiredDateTime("a")).Single());
        Assert.AreEqual(
            "f:1:5: 'a' must lie within the years 1 to 9999 in UTC",
            Errors("a = 9999-12-31T23:59:59-01:00", root => root.RequiredDateTime("a")).Single());
        Assert.AreEqual(
            new DateTimeOffset(2026, 1, 31, 11, 0, 0, TimeSpan.Zero), Section("a = 2026-01-31T12:00:00+01:00").RequiredDateTime("a"));
    }

    [TestMethod]
    public void A_hundred_errors_are_kept_and_the_others_counted()
    {
        string text = string.Concat(Enumerable.Range(0, 250).Select(i => $"k{i} = 1\n"));
        var thrown = Assert.ThrowsExactly<TomlInvalidException>(() => Check(text, root => root.Has("known")));
        Assert.AreEqual(100, thrown.Diagnostics.Length);
        Assert.AreEqual(150, thrown.Unreported);
        StringAssert.EndsWith(thrown.Message, "\n(and 150 more)", StringComparison.Ordinal);
    }

    [TestMethod]
    public void A_mebibyte_of_unknown_keys_takes_little_time()
    {
        string text = string.Concat(Enumerable.Range(0, 90_000).Select(i => $"k{i} = 1\n"));
        var clock = Stopwatch.StartNew();
        Assert.ThrowsExactly<TomlInvalidException>(() => Check(text, root => root.Has("known")));
        Assert.IsTrue(clock.Elapsed < TimeSpan.FromSeconds(10), $"{clock.Elapsed}");
    }

    private static TomlSection Section(string text) => new(TomlReader.Read(Encoding.UTF8.GetBytes(text), "f"), new TomlDiagnostics("f"));

    private static string[] Errors(string text, Action<TomlSection> read)
    {
        try
        {
            Check(text, read);
            return [];
        }
        catch (TomlInvalidException invalid)
        {
            return [.. invalid.Diagnostics.Select(d => d.ToString())];
        }
    }

    private static void Check(string text, Action<TomlSection> read)
    {
        var diagnostics = new TomlDiagnostics("f");
        var root = new TomlSection(TomlReader.Read(Encoding.UTF8.GetBytes(text), "f"), diagnostics);
        read(root);
        root.Finish();
        diagnostics.ThrowIfAny();
    }
}
