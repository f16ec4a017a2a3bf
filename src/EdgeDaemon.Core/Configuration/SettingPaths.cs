using System.Text;

namespace EdgeDaemon.Core.Configuration;

/// <summary>Checks of paths in edged.toml, which are absolute: a service has no meaningful working directory.</summary>
internal static class SettingPaths
{
    // sun_path is 108 bytes with its final zero.
    private const int LongestSocketPath = 107;

    /// <summary>Null when good, else what is wrong.</summary>
    public static string? CheckAbsolute(string path) =>
        path.Length == 0 || path[0] != '/' ? "must be an absolute path (starting with '/')"
        : path.Contains('\0', StringComparison.Ordinal) ? "must not hold a NUL character"
        : null;

    public static string? CheckSocket(string path) =>
        CheckAbsolute(path)
        ?? (Encoding.UTF8.GetByteCount(path) > LongestSocketPath
            ? $"has {Encoding.UTF8.GetByteCount(path)} bytes; the path of a socket has at most {LongestSocketPath}"
            : path[^1] == '/' ? "names a directory, not a socket" : null);
}
