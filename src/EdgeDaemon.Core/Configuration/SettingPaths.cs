using System.Text;

namespace EdgeDaemon.Core.Configuration;

/// <summary>Checks of paths in edged.toml, which are absolute: a service has no meaningful working directory.</summary>
internal static class SettingPaths
{
    /// <summary>What a systemd credential's name follows, where key material may come from one.</summary>
    public const string CredentialScheme = "credential:";

    // sun_path is 108 bytes with its final zero.
    private const int LongestSocketPath = 107;

    // Two spellings of one socket would be two listeners that take each other's file away.
    /// <summary>Null when good, else what is wrong.</summary>
    public static string? CheckAbsolute(string path) =>
        path.Length == 0 || path[0] != '/' ? "must be an absolute path (starting with '/')"
        : path.Any(char.IsControl) ? "must not hold a control character"
        : path.Split('/').Skip(1).SkipLast(1).Any(part => part is "" or "." or "..") || path.EndsWith("/.", StringComparison.Ordinal) || path.EndsWith("/..", StringComparison.Ordinal)
            ? "must be written without '//', '/./' and '/../': one path has one spelling"
        : null;

    public static string? CheckSocket(string path) =>
        CheckAbsolute(path)
        ?? (Encoding.UTF8.GetByteCount(path) > LongestSocketPath
            ? $"has {Encoding.UTF8.GetByteCount(path)} bytes; the path of a socket has at most {LongestSocketPath}"
            : path[^1] == '/' ? "names a directory, not a socket" : null);

    /// <summary>A file, or <c>credential:NAME</c> in the directory that systemd made for this service; a name cannot lead out of it.</summary>
    public static string? CheckMaterial(string place)
    {
        if (!place.StartsWith(CredentialScheme, StringComparison.Ordinal))
        {
            return CheckAbsolute(place) is { } fault ? $"{fault}, or \"{CredentialScheme}NAME\"" : null;
        }

        string name = place[CredentialScheme.Length..];
        return name.Length is > 0 and <= 255 && name[0] != '.' && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')
            ? null
            : "must name a credential by letters, digits, '.', '_' and '-', the first no '.'";
    }
}
