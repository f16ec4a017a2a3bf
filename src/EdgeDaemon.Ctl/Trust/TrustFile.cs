using System.Globalization;
using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Toml;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Trust;

/// <summary>
/// A trust.toml on disk and the changes that the tool makes to it: text is added at its end and the version goes up by one, so that whatever
/// people wrote and commented stays as it is. Each change is a valid policy before it is written, or nothing is.
/// </summary>
internal sealed class TrustFile
{
    private const int MaxBytes = 1 << 20;
    private const int Readable = 0b110_100_100;

    private readonly string _path;
    private readonly byte[] _bytes;

    private TrustFile(string path, byte[] bytes, TrustPolicy policy)
    {
        _path = path;
        _bytes = bytes;
        Policy = policy;
    }

    public TrustPolicy Policy { get; }

    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <param name="path">The file.</param>
    /// <param name="error">Gets a warning when others can write the file: edged refuses such a one.</param>
    /// <exception cref="TomlException">It is no TOML.</exception>
    /// <exception cref="TomlInvalidException">It is no trust policy.</exception>
    public static TrustFile Read(string path, TextWriter error)
    {
        byte[] bytes = SafeFileRead.ReadGuarded(path, MaxBytes, out string? exposure);
        if (exposure is not null)
        {
            FailureReport.Warn($"{path} {exposure}; edged refuses such a file", error);
        }

        return new TrustFile(path, bytes, TrustPolicy.Parse(bytes, path));
    }

    /// <summary>The file with a table at its end and the next version, written durably.</summary>
    public TrustPolicy Append(string table)
    {
        string text = Encoding.UTF8.GetString(_bytes);
        string next = NextVersion(text) + (text.EndsWith('\n') ? "\n" : "\n\n") + table;
        byte[] bytes = Encoding.UTF8.GetBytes(next);
        TrustPolicy policy = TrustPolicy.Parse(bytes, _path);
        Replace(_path, bytes);
        return policy;
    }

    /// <summary>Puts a whole new policy in its place, durably.</summary>
    public static void Replace(string path, ReadOnlySpan<byte> bytes) => DurableFile.Write(path, bytes, Readable);

    // The policy was parsed: 'version' stands at the top, as a plain integer, on a line of its own or with a comment behind it.
    private string NextVersion(string text)
    {
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length && !lines[i].TrimStart().StartsWith('['); i++)
        {
            int sign = lines[i].IndexOf('=', StringComparison.Ordinal);
            if (sign < 0 || lines[i][..sign].Trim() is not ("version" or "\"version\"" or "'version'"))
            {
                continue;
            }

            int comment = lines[i].IndexOf('#', StringComparison.Ordinal);
            string rest = comment < 0 ? (lines[i].EndsWith('\r') ? "\r" : "") : " " + lines[i][comment..];
            lines[i] = string.Create(CultureInfo.InvariantCulture, $"version = {Policy.Version + 1}{rest}");
            return string.Join('\n', lines);
        }

        throw new CtlException($"{_path}: no line 'version = {Policy.Version}' at the top; write it so, and try again");
    }
}
