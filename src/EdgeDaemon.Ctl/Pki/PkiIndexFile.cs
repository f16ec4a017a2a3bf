using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EdgeDaemon.Core.Toml;
using EdgeDaemon.Ctl.Bundles;

namespace EdgeDaemon.Ctl.Pki;

/// <summary>
/// The index as text, sealed by a last line with the digest of all bytes before it. Without the seal a file that lost its end could still
/// be TOML: with a revocation less.
/// </summary>
internal static class PkiIndexFile
{
    /// <summary>Room for some 50,000 certificates.</summary>
    public const int MaxBytes = 32 << 20;

    private const string Seal = "# sha256 ";
    private const int MostCertificates = 100_000;
    private const int MostNames = 100;
    // The longest kind and the longest name of it (AlternativeName).
    private const int MaxNameLength = 300;
    private const int MaxSerialDigits = 40;

    public static byte[] Write(PkiIndex index)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"""
            # Written by edgectl pki: what this authority has issued. Keep copies; an edited or torn file is refused.
            format = 1
            crl_number = {index.CrlNumber}

            """);
        foreach (IssuedCertificate issued in index.Certificates)
        {
            text.Append(CultureInfo.InvariantCulture, $"""

                [[certificate]]
                serial = "{issued.Serial}"
                use = "{issued.Use.Word()}"
                name = {TomlQuote.Of(issued.Name)}
                not_before = {Instant(issued.NotBefore)}
                not_after = {Instant(issued.NotAfter)}
                key = "{issued.SpkiDigest}"

                """);
            if (!issued.AlternativeNames.IsEmpty)
            {
                text.Append(CultureInfo.InvariantCulture, $"names = [{string.Join(", ", issued.AlternativeNames.Select(TomlQuote.Of))}]\n");
            }

            if (issued.Revocation is { } revocation)
            {
                text.Append(CultureInfo.InvariantCulture, $"revoked = {Instant(revocation.Time)}\nreason = \"{revocation.Word}\"\n");
            }
        }

        byte[] body = Encoding.UTF8.GetBytes(text.ToString());
        return [.. body, .. Encoding.ASCII.GetBytes(SealOf(body))];
    }

    /// <param name="utf8">The whole file.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <exception cref="TomlException">It is no TOML.</exception>
    /// <exception cref="TomlInvalidException">It is not what was written.</exception>
    public static PkiIndex Parse(ReadOnlySpan<byte> utf8, string file)
    {
        // First, for it says where.
        TomlTable table = TomlReader.Read(utf8, file, MaxBytes);
        var diagnostics = new TomlDiagnostics(file);
        CheckSeal(utf8, diagnostics);
        var root = new TomlSection(table, diagnostics);
        if (!root.Format(1))
        {
            diagnostics.ThrowIfAny();
        }

        long number = root.RequiredInteger("crl_number", 0, long.MaxValue);
        var serials = new HashSet<string>(StringComparer.Ordinal);
        var certificates = ImmutableArray.CreateBuilder<IssuedCertificate>();
        foreach (TomlSection entry in root.Tables("certificate", MostCertificates))
        {
            IssuedCertificate issued = Read(entry);
            certificates.Add(issued);
            if (!serials.Add(issued.Serial))
            {
                entry.ErrorAt("serial", "stands there twice");
            }
        }

        root.Finish();
        diagnostics.ThrowIfAny();
        return new PkiIndex(number, certificates.ToImmutable());
    }

    private static void CheckSeal(ReadOnlySpan<byte> utf8, TomlDiagnostics diagnostics)
    {
        int last = utf8.LastIndexOf(Encoding.ASCII.GetBytes("\n" + Seal)) + 1;
        if (last == 0 || !utf8[last..].SequenceEqual(Encoding.ASCII.GetBytes(SealOf(utf8[..last]))))
        {
            int line = 1 + utf8.TrimEnd((byte)'\n').Count((byte)'\n');
            diagnostics.Add(new TomlPosition(line, 1), "the file is torn or was edited: its last line is not the digest of the rest. Put a copy back; with what is here a revoked certificate could be good again");
            diagnostics.ThrowIfAny();
        }
    }

    private static IssuedCertificate Read(TomlSection table)
    {
        DateTimeOffset? revoked = table.OptionalDateTime("revoked");
        X509RevocationReason reason = table.Choice("reason", X509RevocationReason.Unspecified, RevocationEntry.Reasons.AsSpan());
        if (table.Has("reason") && revoked is null)
        {
            table.ErrorAt("reason", "stands without 'revoked'");
        }

        return new IssuedCertificate
        {
            Serial = table.RequiredString("serial", MaxSerialDigits, text => text.Length > 0 && text[0] != '0' && text.All(char.IsAsciiHexDigitLower) ? null : "must be lower-case hex digits without a leading zero"),
            Use = table.RequiredChoice("use", (PkiUse.Signer.Word(), PkiUse.Signer), (PkiUse.Client.Word(), PkiUse.Client), (PkiUse.Server.Word(), PkiUse.Server)),
            Name = table.RequiredString("name"),
            AlternativeNames = table.Has("names") ? table.RequiredStrings("names", MostNames, MaxNameLength) : [],
            NotBefore = table.RequiredDateTime("not_before"),
            NotAfter = table.RequiredDateTime("not_after"),
            SpkiDigest = table.RequiredString("key", 64, text => text.Length == 64 && text.All(char.IsAsciiHexDigitLower) ? null : "must be 64 lower-case hex digits"),
            Revocation = revoked is { } time ? new RevocationEntry(time, reason) : null,
        };
    }

    private static string SealOf(ReadOnlySpan<byte> body) => $"{Seal}{Convert.ToHexStringLower(SHA256.HashData(body))}\n";

    private static string Instant(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
