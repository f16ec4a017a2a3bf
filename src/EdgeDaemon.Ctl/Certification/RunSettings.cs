using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Certification;

/// <summary>
/// settings.txt beside the results: what they are answers to, a <c>key = value</c> line each. Rows of other data, another version or another alpha must never end
/// up in one file; another model or sigma may join.
/// </summary>
internal sealed class RunSettings
{
    public const string Name = "settings.txt";

    private const string Head = "# What results.csv answers; written by edgectl certify.";
    private const int Readable = 0b110_100_100;
    private const int MaxBytes = 1 << 20;

    private readonly SortedDictionary<string, string> _values = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, string> Values => _values;

    /// <summary>Line ends and what else would be two lines become visible.</summary>
    public void Set(string key, string value) => _values[key] = Printable.Of(value, 400);

    /// <summary>Holds these settings against those of the folder's earlier runs, and writes both together.</summary>
    /// <exception cref="CtlException">They contradict each other, naming the first.</exception>
    public void Join(string folder)
    {
        string path = Path.Combine(folder, Name);
        RunSettings before = File.Exists(path) ? Read(path) : new RunSettings();
        bool more = before._values.Count == 0;
        foreach ((string key, string value) in _values)
        {
            if (!before._values.TryGetValue(key, out string? old))
            {
                more = true;
                before._values[key] = value;
            }
            else if (old != value)
            {
                throw new CtlException($"{folder} holds results of {key} = {old}, this run has {key} = {value}: give another --out, they must not be mixed");
            }
        }

        if (more)
        {
            DurableFile.Write(path, before.ToBytes(), Readable);
        }

        foreach ((string key, string value) in before._values)
        {
            _values[key] = value;
        }
    }

    /// <exception cref="CtlException">A line is none of ours.</exception>
    private static RunSettings Read(string path)
    {
        var settings = new RunSettings();
        string[] lines = Encoding.UTF8.GetString(SafeFileRead.Read(path, MaxBytes)).Split('\n');
        for (int i = 1; i < lines.Length - 1; i++)
        {
            int at = lines[i].IndexOf(" = ", StringComparison.Ordinal);
            if (at <= 0)
            {
                throw new CtlException($"{path}:{i + 1}:1: is no 'key = value'; give another --out, or move the folder away");
            }

            settings._values[lines[i][..at]] = lines[i][(at + 3)..];
        }

        return settings;
    }

    private byte[] ToBytes()
    {
        var text = new StringBuilder(Head).Append('\n');
        foreach ((string key, string value) in _values)
        {
            text.Append(key).Append(" = ").Append(value).Append('\n');
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
