using System.Text;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Tokens;
using EdgeDaemon.Identity;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Hosting;

/// <summary>Reads the public keys that tokens may be signed with. Whoever can write one of these files can make tokens: others than root and the daemon's user must not.</summary>
internal static class TokenKeyFiles
{
    private const int LargestFile = 1 << 16;
    private const string Credential = "credential:";

    /// <summary>Null without [token].</summary>
    /// <exception cref="TokenKeyException">A file is missing, writable by others, or no P-256 public key.</exception>
    public static TokenAuthority? Load(TokenSettings? settings) =>
        settings is null ? null : new TokenAuthority(settings, [.. settings.Keys.Select(Read)]);

    private static TokenKey Read(TokenKeySettings key)
    {
        string file = PlaceOf(key);
        try
        {
            byte[] pem = SafeFileRead.ReadGuarded(file, LargestFile, out string? exposure);
            return exposure is null ? TokenKey.FromPem(key.Id, Encoding.ASCII.GetString(pem)) : throw new TokenKeyException(key, $"{file} {exposure}");
        }
        catch (TokenException unusable)
        {
            throw new TokenKeyException(key, $"{file}: {unusable.Message}", unusable);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new TokenKeyException(key, unreadable.Message, unreadable);
        }
    }

    private static string PlaceOf(TokenKeySettings key)
    {
        if (!key.File.StartsWith(Credential, StringComparison.Ordinal))
        {
            return key.File;
        }

        return Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY") is { Length: > 0 } folder
            ? Path.Join(folder, key.File[Credential.Length..])
            : throw new TokenKeyException(key, $"{key.File} is a credential, and systemd has made no folder of them: the unit needs LoadCredential=");
    }
}
