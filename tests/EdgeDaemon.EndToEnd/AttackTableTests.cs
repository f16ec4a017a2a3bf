using System.Reflection;
using System.Text.RegularExpressions;

namespace EdgeDaemon.EndToEnd;

/// <summary>The table of attacks in this folder's README names tests that are there.</summary>
[TestClass]
public sealed partial class AttackTableTests
{
    private static string Table
    {
        get
        {
            string law = File.ReadAllText(Outside.Source("README.md"));
            return law[law.IndexOf("## Attacks", StringComparison.Ordinal)..];
        }
    }

    [TestMethod]
    public void EveryRow_NamesTestsThatAreThere()
    {
        string[] rows = [.. Table.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| attack |", StringComparison.Ordinal))];
        Assert.IsGreaterThan(20, rows.Length);
        foreach (string row in rows)
        {
            string[] names = [.. TestName().Matches(row).Select(match => match.Groups[1].Value)];
            Assert.IsNotEmpty(names, row);
            string[] missing = [.. names.Where(name => !IsTest(name))];
            Assert.IsEmpty(missing, string.Join(", ", missing));
        }
    }

    [TestMethod]
    public void EveryRowOnAccess_NamesItsControl()
    {
        string[] rows = [.. Table[Table.IndexOf("## Attacks on access", StringComparison.Ordinal)..].Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(1)];
        Assert.IsGreaterThan(15, rows.Length);
        foreach (string row in rows)
        {
            string[] cells = row.Split('|');
            Assert.HasCount(5, cells, row);
            Assert.IsTrue(TestName().IsMatch(cells[2]) && (cells[3].Contains(" in the same test: ", StringComparison.Ordinal) || TestName().IsMatch(cells[3])), row);
        }
    }

    [TestMethod]
    public void NameOfNoTest_IsNoticed() // The control.
    {
        Assert.IsTrue(IsTest($"{nameof(AttackTableTests)}.{nameof(NameOfNoTest_IsNoticed)}"));
        Assert.IsFalse(IsTest($"{nameof(AttackTableTests)}.{nameof(IsTest)}"));
        Assert.IsFalse(IsTest("AttackTableTests.Nothing"));
        Assert.IsFalse(IsTest("Nobody.NameOfNoTest_IsNoticed"));
    }

    private static bool IsTest(string name) =>
        name.Split('.') is [string type, string method]
        && typeof(AttackTableTests).Assembly.GetType($"EdgeDaemon.EndToEnd.{type}")?.GetMethod(method)?.GetCustomAttribute<TestMethodAttribute>() is not null;

    [GeneratedRegex("`([A-Z][A-Za-z0-9]+Tests\\.[A-Za-z0-9_]+)`")]
    private static partial Regex TestName();
}
