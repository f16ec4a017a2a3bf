using System.CommandLine;
using System.Security.Cryptography;
using EdgeDaemon.Ctl.Help;
using EdgeDaemon.Ctl.Pki;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl pki crl</c>: the signed list of what is revoked.</summary>
internal static class PkiCrlCommand
{
    public static Command Create()
    {
        Argument<string> folder = PkiOptions.Folder();
        Option<int> days = PkiOptions.Days("How long the list is current. A verifier that has a list takes no certificate once it is out of date.", 30);
        var output = new Option<string>("--out") { Description = "Where the list goes.", HelpName = "file", Required = true };
        var der = new Option<bool>("--der") { Description = "Write DER instead of PEM." };
        var force = new Option<bool>("--force") { Description = "Replace a list that is there." };
        KeyOptions key = PkiOptions.Key();
        var command = new CtlCommand("crl", "Sign the list of everything that is revoked.",
            "edgectl pki crl ca --days 30 --out ca.crl",
            "edgectl oms verify --method certificate --model-path DIR --bundle model.sig --cert-chain ca/root.pem --crl ca.crl")
        {
            folder, days, output, der, force, key.Key, key.Passphrase,
        };
        command.Details =
            """
            Each list has a higher number than the one before. Make one when something is
            revoked, and before the last one runs out.
            """;
        command.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(output);
            bool replace = parsed.GetValue(force);
            if (!replace && Path.Exists(path))
            {
                throw new CtlException($"{path} exists; choose another name, or add --force to replace it");
            }

            using AuthorityFolder authority = AuthorityFolder.Open(parsed.GetRequiredValue(folder), change: true);
            Validity validity = Validity.Days(DateTimeOffset.UtcNow, parsed.GetValue(days));
            PkiIndex next = authority.Index with { CrlNumber = authority.Index.CrlNumber + 1 };
            byte[] list;
            using (ECDsa signer = authority.OpenKey(parsed.GetValue(key.Key), parsed.GetValue(key.Passphrase)))
            {
                list = RevocationListMaker.Make(next, authority.Root, signer, validity);
            }

            // The number is spent before anybody can see it: no two lists share one.
            authority.Save(next);
            byte[] file = parsed.GetValue(der) ? list : PemFile.Text("X509 CRL", list);
            if (replace)
            {
                DurableFile.Write(path, file, PemFile.Readable);
            }
            else
            {
                DurableFile.Create(path, file, PemFile.Readable);
            }

            TextWriter text = parsed.InvocationConfiguration.Output;
            text.WriteLine($"list     {path} (number {next.CrlNumber}, current until {validity.Until:yyyy-MM-dd})");
            text.WriteLine($"revoked  {next.Certificates.Count(issued => issued.Revocation is not null)} of {next.Certificates.Length}");
            return (int)ExitCode.Ok;
        });
        return command;
    }
}
