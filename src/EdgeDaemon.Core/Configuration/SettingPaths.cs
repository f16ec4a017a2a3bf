using System.Text;

namespace EdgeDaemon.Core.Configuration;

/// <summary>Checks of paths in edged.toml, which are absolute: a service has no meaningful working directory.</summary>
internal static class SettingPaths
{
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
}
