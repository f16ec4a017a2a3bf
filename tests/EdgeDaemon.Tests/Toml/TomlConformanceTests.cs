using System.Text;
using System.Text.Json;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Tests.Toml;

[TestClass]
public sealed class TomlConformanceTests
{
    [TestMethod]
    public void Every_valid_case_has_the_values_of_its_json()
    {
        string[] files = Cases("valid");
        var wrong = new List<string>();
        foreach (string file in files)
        {
            using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(Path.ChangeExtension(file, ".json")));
            try
            {
                if (TaggedJson.Difference(expected.RootElement, TomlReader.Read(File.ReadAllBytes(file), file)) is { } difference)
                {
                    wrong.Add($"{file}: {difference}");
                }
            }
            catch (TomlException refused)
            {
                wrong.Add(refused.Message);
            }
        }

        Assert.IsTrue(files.Length > 100, $"only {files.Length} cases");
        Assert.AreEqual("", string.Join('\n', wrong));
    }

    [TestMethod]
    public void Every_invalid_case_is_refused_with_a_place_inside_the_file()
    {
        string[] files = Cases("invalid");
        var wrong = new List<string>();
        foreach (string file in files)
        {
            byte[] text = File.ReadAllBytes(file);
            try
            {
                TomlReader.Read(text, "f");
                wrong.Add($"{file}: accepted");
            }
            catch (TomlException refused)
            {
                TomlDiagnostic at = refused.Diagnostic;
                string[] lines = Encoding.Latin1.GetString(text).Split('\n');
                if (at.Line < 1 || at.Column < 1 || at.Line > lines.Length || at.Column > lines[at.Line - 1].Length + 1 || at.Message.Length == 0)
                {
                    wrong.Add($"{file}: {refused.Message}");
                }
            }
        }

        Assert.IsTrue(files.Length > 200, $"only {files.Length} cases");
        Assert.AreEqual("", string.Join('\n', wrong));
    }

    [TestMethod]
    public void The_comparison_sees_a_difference_of_each_kind()
    {
        foreach ((string toml, string json) in ((string, string)[])
        [
            ("a = 1", """{"a": {"type": "integer", "value": "2"}}"""),
            ("a = 1", """{"a": {"type": "float", "value": "1"}}"""),
            ("a = inf", """{"a": {"type": "float", "value": "-inf"}}"""),
            ("a = 'x'", """{"a": {"type": "string", "value": "X"}}"""),
            ("a = true", """{"a": {"type": "bool", "value": "false"}}"""),
            ("a = 1979-05-27T00:32:00-07:00", """{"a": {"type": "datetime", "value": "1979-05-27T00:32:00-06:00"}}"""),
            ("a = 1979-05-27", """{"a": {"type": "date-local", "value": "1979-05-28"}}"""),
            ("a = 07:32:00", """{"a": {"type": "time-local", "value": "07:32:00.1"}}"""),
            ("a = [1]", """{"a": []}"""),
            ("a = 1\nb = 1", """{"a": {"type": "integer", "value": "1"}}"""),
        ])
        {
            using JsonDocument expected = JsonDocument.Parse(json);
            Assert.IsNotNull(TaggedJson.Difference(expected.RootElement, TomlReader.Read(Encoding.UTF8.GetBytes(toml), "f")), toml);
        }
    }

    private static string[] Cases(string kind)
    {
        string[] files = Directory.GetFiles(Path.Combine(Conformance.Folder("toml"), kind), "*.toml", SearchOption.AllDirectories);
        Array.Sort(files, StringComparer.Ordinal);
        return files;
    }
}
