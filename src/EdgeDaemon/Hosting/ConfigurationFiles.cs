using System.Diagnostics.CodeAnalysis;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Toml;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Hosting;

/// <summary>
/// Reads edged.toml and trust.toml from disk; every error of a file goes to <c>errors</c>, one a line. Whoever can write one of them decides
/// which models run: files that others than root and the daemon's own user can write are refused, by the descriptor that is read.
/// </summary>
internal static class ConfigurationFiles
{
    private const int LargestFile = 1 << 20;

    public static bool TryReadSettings(string file, TextWriter errors, [NotNullWhen(true)] out EdgedSettings? settings) =>
        TryReadSettings(file, errors, out settings, out _);

    /// <param name="bytes">The file as it was parsed; empty when it was not.</param>
    public static bool TryReadSettings(string file, TextWriter errors, [NotNullWhen(true)] out EdgedSettings? settings, out byte[] bytes) =>
        TryRead(file, errors, EdgedSettings.Parse, out settings, out bytes);

    public static bool TryReadTrust(string file, TextWriter errors, [NotNullWhen(true)] out TrustPolicy? trust) =>
        TryReadTrust(file, errors, out trust, out _);

    /// <param name="bytes">The file as it was parsed; empty when it was not.</param>
    public static bool TryReadTrust(string file, TextWriter errors, [NotNullWhen(true)] out TrustPolicy? trust, out byte[] bytes) =>
        TryRead(file, errors, TrustPolicy.Parse, out trust, out bytes);

    private delegate T Parser<T>(ReadOnlySpan<byte> utf8, string file);

    private static bool TryRead<T>(string file, TextWriter errors, Parser<T> parse, [NotNullWhen(true)] out T? value, out byte[] bytes)
        where T : class
    {
        value = null;
        bytes = [];
        try
        {
            if (!Path.Exists(file))
            {
                errors.WriteLine($"{file}: no such file. Name the right one with --config, or start from packaging/edged.toml.");
                return false;
            }

            bytes = SafeFileRead.ReadGuarded(file, LargestFile, out string? exposure);
            if (exposure is not null)
            {
                errors.WriteLine($"{file}: {exposure}.");
                return false;
            }

            value = parse(bytes, file);
            return true;
        }
        catch (TomlException syntax)
        {
            errors.WriteLine(syntax.Diagnostic);
        }
        catch (TomlInvalidException invalid)
        {
            foreach (TomlDiagnostic diagnostic in invalid.Diagnostics)
            {
                errors.WriteLine(diagnostic);
            }
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"{file}: cannot be read: {unreadable.Message}");
        }

        return false;
    }
}
