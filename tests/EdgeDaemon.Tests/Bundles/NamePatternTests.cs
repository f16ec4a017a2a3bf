using System.Diagnostics;
using System.Text.RegularExpressions;
using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Tests.Bundles;

[TestClass]
public sealed class NamePatternTests
{
    [TestMethod]
    [DataRow("digits", "digits", true)]
    [DataRow("digits", "Digits", false)]
    [DataRow("digits", "digits2", false)]
    [DataRow("digits", "", false)]
    [DataRow("*", "anything", true)]
    [DataRow("*", "", true)]
    [DataRow("a?c", "abc", true)]
    [DataRow("a?c", "ac", false)]
    [DataRow("line-1.*", "line-1.digits", true)]
    [DataRow("line-1.*", "line-12.digits", false)]
    [DataRow("*.v?", "a.v1.v2", true)]
    [DataRow("a*b*c", "axxbxxbc", true)]
    [DataRow("a*b*c", "axxbxxb", false)]
    public void A_star_is_any_run_and_a_question_mark_any_one(string pattern, string name, bool matches) =>
        Assert.AreEqual(matches, NamePattern.Matches(pattern, name));

    [TestMethod]
    public void Agrees_with_a_regular_expression_on_every_short_pair()
    {
        string[] patterns = [.. Words("ab*?", 4)];
        string[] names = [.. Words("ab.", 4)];
        foreach (string pattern in patterns)
        {
            var regex = new Regex($"\\A{Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal).Replace("\\?", ".", StringComparison.Ordinal)}\\z");
            foreach (string name in names)
            {
                Assert.AreEqual(regex.IsMatch(name), NamePattern.Matches(pattern, name), $"{pattern} on {name}");
            }
        }
    }

    [TestMethod]
    public void A_pattern_of_stars_takes_no_exponential_time()
    {
        var clock = Stopwatch.StartNew();
        Assert.IsFalse(NamePattern.Matches(string.Concat(Enumerable.Repeat("*a", 32)) + "*b", new string('a', 64)));
        Assert.IsTrue(clock.Elapsed < TimeSpan.FromSeconds(1), $"{clock.Elapsed}");
    }

    [TestMethod]
    public void Only_characters_of_names_and_wildcards_make_a_pattern()
    {
        foreach (string good in (string[])["*", "?", "a.b_c-D9", "line-?.*"])
        {
            Assert.IsNull(NamePattern.Fault(good), good);
        }

        foreach (string bad in (string[])["", "a b", "a/b", "[ab]", "\u00e4", "a\n"])
        {
            Assert.IsNotNull(NamePattern.Fault(bad), bad);
        }
    }

    private static IEnumerable<string> Words(string alphabet, int longest) =>
        longest == 0 ? [""] : Words(alphabet, longest - 1).SelectMany(word => word.Length == longest - 1 ? [word, .. alphabet.Select(c => word + c)] : (string[])[word]);
}
