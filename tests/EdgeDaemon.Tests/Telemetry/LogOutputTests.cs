using System.Net.Sockets;
using System.Text;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Telemetry;
using EdgeDaemon.Tests.Admission;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Tests.Telemetry;

[TestClass]
public sealed class LogOutputTests : IDisposable
{
    private readonly StringWriter _lines = new();

    public void Dispose() => _lines.Dispose();

    [TestMethod]
    public void An_event_is_an_entry_of_the_journal_with_its_fields_and_no_line_besides()
    {
        using var journal = new FakeJournal();
        using var output = new LogOutput(LogLevel.Information, new TestClock(), _lines, new JournalSocket(journal.Path));
        ILogger log = output.CreateLogger("edged");
        Log.AccessRefused(log, "ab-1", "unix:7", Refusal.AccessRoleMissing, "tenant 't' has none of the roles\nEDGED_FORGED=1");
        CollectionAssert.AreEqual(
            new[]
            {
                "PRIORITY=4",
                "SYSLOG_IDENTIFIER=edged",
                "MESSAGE=request ab-1 of unix:7 refused: AccessRoleMissing: tenant 't' has none of the roles\uFFFDEDGED_FORGED=1",
                "EDGED_EVENT=access_refused",
                "EDGED_ID=ab-1",
                "EDGED_CALLER=unix:7",
                "EDGED_REFUSAL=AccessRoleMissing",
                "EDGED_DETAIL=tenant 't' has none of the roles\uFFFDEDGED_FORGED=1",
            },
            journal.Read());
        Assert.AreEqual("", _lines.ToString());

        // The control: what is no event is a line as before.
        Log.Ready(log, 2, 0);
        StringAssert.EndsWith(_lines.ToString(), "ready: 2 models serve, 0 refused\n");
    }

    [TestMethod]
    public void What_the_journal_does_not_take_is_a_line_with_its_name()
    {
        using var output = new LogOutput(LogLevel.Information, new TestClock(), _lines, new JournalSocket("/nonexistent/journal"));
        Log.ModelWithdrawn(output.CreateLogger("edged"), "digits", "00ff");
        StringAssert.EndsWith(_lines.ToString(), "or its folder is gone [model_retired]\n");
    }

    [TestMethod]
    public void Alerts_are_told_on_at_whatever_level_is_written_and_only_alerts()
    {
        var told = new List<string>();
        using var output = new LogOutput(LogLevel.Error, new TestClock(), _lines) { Alerts = (found, text) => told.Add($"{found.Name}: {text}") };
        ILogger log = output.CreateLogger("edged");
        Log.DescriptorsSent(log, 7);
        Log.AccessRefused(log, "ab-1", "unix:7", Refusal.AccessRoleMissing, "x");
        Log.ModelServes(log, "digits", "1", 1, "00ff", "dev");
        output.CreateLogger("Microsoft.AspNetCore").Log(LogLevel.Critical, new EventId(61), "not ours", null, static (text, _) => text);
        CollectionAssert.AreEqual(new[] { "descriptors_sent: connection of unix:7 cut: it sent open files, which nothing here takes" }, told);
        Assert.IsFalse(_lines.ToString().Contains("unix:7", StringComparison.Ordinal), "a quiet log stays quiet");
    }

    [TestMethod]
    [DataRow("Id", "EDGED_ID")]
    [DataRow("TrustVersion", "EDGED_TRUST_VERSION")]
    [DataRow("SenderProcess", "EDGED_SENDER_PROCESS")]
    public void A_value_becomes_a_field_by_its_name(string key, string field) => Assert.AreEqual(field, JournalSocket.FieldOf(key));

    /// <summary>A datagram socket, as the journal's is.</summary>
    private sealed class FakeJournal : IDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("journal-").FullName;
        private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 20_000 };

        public FakeJournal() => _socket.Bind(new UnixDomainSocketEndPoint(Path));

        public string Path => System.IO.Path.Combine(_folder, "socket");

        public string[] Read()
        {
            byte[] datagram = new byte[64 << 10];
            int length = _socket.Receive(datagram);
            string text = Encoding.UTF8.GetString(datagram, 0, length);
            StringAssert.EndsWith(text, "\n");
            return text[..^1].Split('\n');
        }

        public void Dispose()
        {
            _socket.Dispose();
            Directory.Delete(_folder, recursive: true);
        }
    }
}
