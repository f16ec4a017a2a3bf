using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Ctl.Help;
using EdgeDaemon.Ctl.Keys;
using EdgeDaemon.Ctl.Pki;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl pki init</c>: a root certificate and the folder it works in.</summary>
internal static class PkiInitCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("dir") { Description = "The authority's folder; it must not exist." };
        Option<string> name = PkiOptions.Name("The authority's name. One that replaces another needs a new name.");
        Option<int> days = PkiOptions.Days("How long the root holds; nothing it issues holds longer.", 3650);
        Option<string> curve = EllipticCurve.Option("p384");
        var key = new KeyOptions("--key", "A key that is there already, instead of a new one.", required: false);
        var command = new CtlCommand("init", "Make a certificate authority: a root for signers, clients and servers.",
            "edgectl pki init ca --name 'Example models 2026' --passphrase-file passphrase",
            "edgectl pki init ca --name 'Example models 2026' --key 'pkcs11:token=ca;object=root' --passphrase-file pin")
        {
            folder, name, days, curve, key.Key, key.Passphrase,
        };
        command.Details =
            """
            DIR (mode 0700) gets root.pem, root.key (mode 0600; encrypted when
            --passphrase-file is given) and index.toml, what was issued. Keep the folder
            off the devices, and keep copies. With --key no root.key is written: the key
            stays where it is, and is named again for every command that signs. The root
            may sign leaves and revocation lists; no authority below it.
            """;
        command.Validators.Add(result =>
        {
            if (result.GetResult(key.Key) is not null && result.GetResult(curve) is { Implicit: false })
            {
                result.AddError("--key is a key that has its curve; leave --curve out.");
            }
        });
        command.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(folder);
            PkiOptions.RefuseToOverwrite(path);
            bool existing = parsed.GetValue(key.Key) is not null;
            using Passphrase? passphrase = !existing && parsed.GetValue(key.Passphrase) is { } secret ? Passphrase.Read(secret) : null;
            using ECDsa signer = existing ? key.Open(parsed) : ECDsa.Create(EllipticCurve.Named(parsed.GetRequiredValue(curve)));
            using X509Certificate2 root = CertificateMaker.Root(parsed.GetRequiredValue(name), signer, Validity.Days(DateTimeOffset.UtcNow, parsed.GetValue(days)));
            AuthorityFolder.Create(path, root, existing ? null : signer, passphrase);
            TextWriter output = parsed.InvocationConfiguration.Output;
            output.WriteLine($"root         {Path.Combine(path, "root.pem")} ({root.Subject}, until {root.NotAfter.ToUniversalTime():yyyy-MM-dd})");
            output.WriteLine(existing
                ? $"private key  {Pkcs11Uri.Shorn(parsed.GetValue(key.Key)!)} (name it with --key in every command that signs)"
                : $"private key  {Path.Combine(path, "root.key")} (mode 0600{(passphrase is null ? "" : ", encrypted")}: keep it, and keep it off the devices)");
            output.WriteLine($"key digest   {SpkiDigest.Hex(SpkiDigest.Of(root.PublicKey.ExportSubjectPublicKeyInfo()))}");
            return (int)ExitCode.Ok;
        });
        return command;
    }
}
