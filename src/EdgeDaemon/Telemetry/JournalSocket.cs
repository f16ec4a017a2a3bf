using System.Net.Sockets;
using System.Text;

namespace EdgeDaemon.Telemetry;

/// <summary>
/// The journal's own protocol (systemd, "Native Journal Protocol"): one datagram for each entry, one line for each field, so that events can be found by fields and
/// not by texts. Never waits: what the journal does not take at once goes where all lines go.
/// </summary>
internal sealed class JournalSocket : IDisposable
{
    public const string Path = "/run/systemd/journal/socket";

    // Larger ones would need a sealed memory file; no event is near it.
    private const int LargestEntry = 32 << 10;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
    private readonly UnixDomainSocketEndPoint _journal;

    public JournalSocket(string path) => _journal = new UnixDomainSocketEndPoint(path);

    /// <summary>Null where standard error is not the journal's (systemd.exec(5), $JOURNAL_STREAM): then nobody asked for entries there.</summary>
    public static JournalSocket? FromEnvironment() =>
        Environment.GetEnvironmentVariable("JOURNAL_STREAM") is { Length: > 0 } && File.Exists(Path) ? new JournalSocket(Path) : null;

    /// <summary>False when the journal did not take it.</summary>
    /// <param name="priority">Of syslog: 2 critical to 7 debug.</param>
    /// <param name="message">One line.</param>
    /// <param name="name">Of the event: EDGED_EVENT.</param>
    /// <param name="values">Further fields, by the names that the log's texts have for them: Digest becomes EDGED_DIGEST.</param>
    public bool TrySend(int priority, string message, string name, IEnumerable<KeyValuePair<string, object?>> values)
    {
        var entry = new StringBuilder();
        Add(entry, "PRIORITY", priority.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Add(entry, "SYSLOG_IDENTIFIER", "edged");
        Add(entry, "MESSAGE", message);
        Add(entry, "EDGED_EVENT", name);
        foreach ((string key, object? value) in values)
        {
            if (key != "{OriginalFormat}" && FieldOf(key) is var field)
            {
                Add(entry, field, Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture) ?? "");
            }
        }

        byte[] bytes = Encoding.UTF8.GetBytes(entry.ToString());
        try
        {
            return bytes.Length <= LargestEntry && _socket.SendTo(bytes, _journal) == bytes.Length;
        }
        catch (SocketException)
        {
            return false; // Restarting, or behind.
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>The field of a value: upper case with underscores, EDGED_ in front.</summary>
    public static string FieldOf(string key)
    {
        var field = new StringBuilder("EDGED");
        foreach (char c in key)
        {
            if (char.IsAsciiLetterUpper(c) || field.Length == "EDGED".Length)
            {
                field.Append('_');
            }

            field.Append(char.ToUpperInvariant(c));
        }

        return field.ToString();
    }

    public void Dispose() => _socket.Dispose();

    // Field forging: a value that ended its line would begin a field of its author's choice.
    private static void Add(StringBuilder entry, string field, string value) =>
        entry.Append(field).Append('=').Append(LogOutput.OneLine(value)).Append('\n');
}
