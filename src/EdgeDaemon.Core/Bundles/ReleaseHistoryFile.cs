using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Bundles;

/// <summary>A history as text, sealed by a last line that holds the digest of all bytes before it: torn or edited, it is nobody's history.</summary>
public static class ReleaseHistoryFile
{
    public const string Name = "releases.toml";

    private const string Seal = "# sha256 ";
    private const int MostModels = 100_000;

    public static byte[] Write(ReleaseHistory history)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"""
            # Written by edged. What this device has accepted: to edit or to remove it stops every model.
            format = 1
            trust_version = {history.TrustVersion}
            time = {Instant(history.Time)}

            """);
        foreach (AcceptedModel model in history.Models.Values)
        {
            text.Append(CultureInfo.InvariantCulture, $"""

                [[model]]
                name = "{model.Name}"
                sequence = {model.Sequence}
                security_floor = {model.SecurityFloor}

                """);
            foreach (AcceptedRelease release in model.Releases)
            {
                text.Append(CultureInfo.InvariantCulture, $"""

                    [[model.release]]
                    sequence = {release.Sequence}
                    digest = "{release.Digest}"
                    accepted = {Instant(release.Accepted)}

                    """);
            }
        }

        byte[] body = Encoding.UTF8.GetBytes(text.ToString());
        return [.. body, .. Encoding.ASCII.GetBytes($"{Seal}{Convert.ToHexStringLower(SHA256.HashData(body))}\n")];
    }

    /// <param name="utf8">The whole file.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <exception cref="BundleException">It is not what was written.</exception>
    public static ReleaseHistory Parse(ReadOnlySpan<byte> utf8, string file)
    {
        int last = utf8.Length - Seal.Length - Sha256Hex.Digits - 1;
        if (last < 0
            || !utf8[last..].SequenceEqual(Encoding.ASCII.GetBytes($"{Seal}{Convert.ToHexStringLower(SHA256.HashData(utf8[..last]))}\n")))
        {
            throw new BundleException($"{file} is torn or was edited: its last line is not the digest of the rest");
        }

        try
        {
            var diagnostics = new TomlDiagnostics(file);
            var root = new TomlSection(TomlReader.Read(utf8, file), diagnostics);
            if (!root.Format(1))
            {
                diagnostics.ThrowIfAny();
            }

            var models = ImmutableSortedDictionary.CreateBuilder<string, AcceptedModel>(StringComparer.Ordinal);
            long version = root.RequiredInteger("trust_version", 0, long.MaxValue);
            DateTimeOffset time = root.RequiredDateTime("time");
            foreach (TomlSection table in root.Tables("model", MostModels))
            {
                AcceptedModel model = ReadModel(table);
                if (!models.TryAdd(model.Name, model))
                {
                    table.ErrorAt("name", "stands there twice");
                }
            }

            root.Finish();
            diagnostics.ThrowIfAny();
            return new ReleaseHistory(version, time, models.ToImmutable());
        }
        catch (Exception wrong) when (wrong is TomlException or TomlInvalidException)
        {
            // Sealed, so some program wrote it so: a later edged, or one with a fault.
            throw new BundleException($"{file} is not a history that this edged reads: {wrong.Message}");
        }
    }

    private static AcceptedModel ReadModel(TomlSection table) => new(
        table.RequiredString("name", ModelName.MaxLength, ModelName.Fault),
        table.RequiredInteger("sequence", 0, long.MaxValue),
        table.RequiredInteger("security_floor", 0, long.MaxValue),
        [.. table.Tables("release", AcceptedModel.MostReleases).Select(release => new AcceptedRelease(
            release.RequiredInteger("sequence", 0, long.MaxValue),
            release.RequiredString("digest", Sha256Hex.Digits, Sha256Hex.Fault),
            release.RequiredDateTime("accepted")))]);

    private static string Instant(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
