using System.Reflection;
using System.Text.RegularExpressions;
using EdgeDaemon.Telemetry;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Tests.Telemetry;

[TestClass]
public sealed class SecurityEventsTests
{
    [TestMethod]
    public void Every_event_is_a_line_of_the_log_and_has_a_name_of_its_own()
    {
        int[] lines = [.. Lines().Select(line => line.EventId)];
        CollectionAssert.AllItemsAreUnique(lines);
        foreach ((int line, SecurityEvent found) in SecurityEvents.All)
        {
            CollectionAssert.Contains(lines, line, found.Name);
            StringAssert.Matches(found.Name, new Regex("^[a-z][a-z_]*[a-z]$"));
        }

        CollectionAssert.AllItemsAreUnique(SecurityEvents.All.Select(each => each.Value.Name).ToArray());
    }

    [TestMethod]
    public void Every_event_is_described_with_a_star_where_it_is_an_alert()
    {
        string text = File.ReadAllText(Path.Combine(Repository.Root, "src", "EdgeDaemon", "Telemetry", "README.md"));
        foreach ((int _, SecurityEvent found) in SecurityEvents.All)
        {
            Match place = Regex.Match(text, $@"^\| .*`{found.Name}`( \*)?", RegexOptions.Multiline);
            Assert.IsTrue(place.Success, found.Name);
            Assert.AreEqual(found.IsAlert, place.Groups[1].Success, found.Name);
        }
    }

    /// <summary>Whatever is worse than a refused request is an alert, or is told otherwise: nobody adds an alarm that leaves no record by oversight.</summary>
    [TestMethod]
    public void Every_critical_line_is_an_alert()
    {
        foreach (LoggerMessageAttribute line in Lines().Where(line => line.Level == LogLevel.Critical))
        {
            Assert.IsTrue(SecurityEvents.TryFind(line.EventId, out SecurityEvent found) && found.IsAlert, line.Message);
        }
    }

    private static IEnumerable<LoggerMessageAttribute> Lines() => typeof(Log).GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
        .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()).OfType<LoggerMessageAttribute>();
}
