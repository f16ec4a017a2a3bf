using System.Collections.Immutable;
using System.CommandLine;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Ctl.Help;
using EdgeDaemon.Ctl.Keys;
using EdgeDaemon.Ctl.Pki;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl pki revoke</c>: a certificate that is not to be trusted any more, in the next list.</summary>
internal static class PkiRevokeCommand
{
    // 20 octets (RFC 5280, 4.1.2.2), with colons between them.
    private const int MaxSerialLetters = 60;

    public static Command Create()
    {
        Argument<string> folder = PkiOptions.Folder();
        var what = new Argument<string>("certificate") { Description = "Its file in PEM, or its serial number in hex." };
        var reason = new Option<string>("--reason") { Description = string.Join(", ", RevocationEntry.Reasons.Select(known => known.Word)) + ".", DefaultValueFactory = _ => RevocationEntry.Reasons[0].Word };
        reason.AcceptOnlyFromAmong([.. RevocationEntry.Reasons.Select(known => known.Word)]);
        var command = new CtlCommand("revoke", "Record that a certificate is not to be trusted any more.",
            "edgectl pki revoke ca alice.pem --reason key-compromise", "edgectl pki revoke ca 5d0c4f1b6a...") { folder, what, reason };
        command.Details =
            """
            Verifiers learn of it from the next revocation list: run 'edgectl pki crl' and
            bring them the file. It cannot be taken back.
            """;
        command.SetAction(parsed =>
        {
            string named = parsed.GetRequiredValue(what);
            string path = parsed.GetRequiredValue(folder);
            using AuthorityFolder authority = AuthorityFolder.Open(path, change: true);
            IssuedCertificate issued = Find(authority, path, named);
            if (issued.Revocation is { } before)
            {
                throw new CtlException($"certificate {issued.Serial} ({Printable.Of(issued.Name)}) is revoked already, since {before.Time:u} ({before.Word})");
            }

            var now = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds());
            authority.Save(authority.Index.Revoke(issued.Serial, new RevocationEntry(now, RevocationEntry.Reasons.First(known => known.Word == parsed.GetRequiredValue(reason)).Value)));
            TextWriter output = parsed.InvocationConfiguration.Output;
            output.WriteLine($"revoked  {issued.Serial} ({issued.Use.Word()} {Printable.Of(issued.Name)})");
            output.WriteLine($"next     edgectl pki crl {path} --out FILE, and bring the list to whoever verifies");
            return (int)ExitCode.Ok;
        });
        return command;
    }

    private static IssuedCertificate Find(AuthorityFolder authority, string path, string named)
    {
        if (File.Exists(named))
        {
            ImmutableArray<OmsCertificate> read = CertificateFiles.Certificates(named);
            return read.Length != 1 ? throw new CtlException($"{named} holds {read.Length} certificates; name the serial number of one")

                // The key too: another authority may have used the number.
                : authority.Index.Find(read[0].Serial) is { } known && known.SpkiDigest == read[0].SpkiDigestHex ? known
                : throw new CtlException($"the certificate in {named} (serial {read[0].Serial}) was not issued by {path}; 'edgectl pki list {path}' shows what was");
        }

        string serial = named.Replace(":", "", StringComparison.Ordinal).ToLowerInvariant().TrimStart('0');
        return named.Length > MaxSerialLetters || serial.Length == 0 || !serial.All(char.IsAsciiHexDigitLower)
            ? throw new CtlException($"'{Printable.Of(named)}' is neither a certificate's file nor a serial number in hex")
            : authority.Index.Find(serial) ?? throw new CtlException($"{path} issued no certificate with the serial number {serial}; 'edgectl pki list {path}' shows what it issued");
    }
}
