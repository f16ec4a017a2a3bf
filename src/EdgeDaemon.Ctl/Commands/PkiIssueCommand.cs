using System.Collections.Immutable;
using System.CommandLine;
using System.Security.Cryptography;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Ctl.Help;
using EdgeDaemon.Ctl.Keys;
using EdgeDaemon.Ctl.Pki;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl pki issue</c>: a certificate, with a new key or for the key of a request.</summary>
internal static class PkiIssueCommand
{
    private const int MostNames = 100;

    public static Command Create()
    {
        Argument<string> folder = PkiOptions.Folder();
        var use = new Option<string>("--use") { Description = "signer signs models, client calls daemons, server is a daemon that is called; each for nothing else.", Required = true };
        use.AcceptOnlyFromAmong(PkiUse.Signer.Word(), PkiUse.Client.Word(), PkiUse.Server.Word());
        Option<string> name = PkiOptions.Name("The holder's name, for people.");
        var names = new Option<string[]>("--san") { Description = "A name that peers compare: dns:, ip:, uri: or email: and the name; may be repeated.", HelpName = "name", DefaultValueFactory = _ => [] };
        Option<int> days = PkiOptions.Days("How long the certificate holds.", 365);
        var output = new Option<string>("--out") { Description = "The certificate goes to this name with .pem, its new key (mode 0600) with .key.", HelpName = "name", Required = true };
        var request = new Option<string?>("--request") { Description = "A certificate request (PKCS#10, PEM): its key is certified, and never leaves its machine.", HelpName = "file" };
        Option<string> curve = EllipticCurve.Option("p256");
        Option<string?> secret = KeyOptions.PassphraseFile("--new-passphrase-file", "Encrypt the new key with the first line of this file (mode 0600).");
        KeyOptions key = PkiOptions.Key();
        var command = new CtlCommand("issue", "Issue a certificate to a signer, a client or a server.",
            "edgectl pki issue ca --use signer --name alice --san email:alice@example.com --out alice",
            "edgectl pki issue ca --use client --name camera-7 --san uri:spiffe://example.com/camera-7 --out camera-7",
            "edgectl pki issue ca --use server --name edge-1 --san dns:edge-1.example.com --san ip:10.0.0.7 --request edge-1.csr --out edge-1")
        {
            folder, use, name, names, days, output, request, curve, secret, key.Key, key.Passphrase,
        };
        command.Details =
            """
            Servers need a dns or ip name, clients a uri or dns name. Of a request only the
            key is taken, once it has proven that its holder has the private half: what the
            certificate says is said here, not there. Serial numbers are 128 random bits.
            The index records a certificate before it is written.
            """;
        command.Validators.Add(result =>
        {
            if (result.GetResult(request) is not null && (result.GetResult(curve) is { Implicit: false } || result.GetResult(secret) is not null))
            {
                result.AddError("--request brings its key; leave --curve and --new-passphrase-file out.");
            }
        });
        command.SetAction(parsed =>
        {
            PkiUse purpose = Enum.GetValues<PkiUse>().First(known => known.Word() == parsed.GetRequiredValue(use));
            ImmutableArray<AlternativeName> alternatives = Names(parsed.GetRequiredValue(names));
            if (purpose.Fault(alternatives) is { } fault)
            {
                throw new CtlException(ExitCode.Usage, fault);
            }

            string path = parsed.GetRequiredValue(output);
            bool requested = parsed.GetValue(request) is not null;
            PkiOptions.RefuseToOverwrite(requested ? [path + ".pem"] : [path + ".pem", path + ".key"]);
            using Passphrase? passphrase = parsed.GetValue(secret) is { } file ? Passphrase.Read(file) : null;
            using ECDsa? made = requested ? null : ECDsa.Create(EllipticCurve.Named(parsed.GetRequiredValue(curve)));
            OmsKey holder = made is null ? RequestFile.Key(parsed.GetValue(request)!) : OmsKey.Of(made);
            using AuthorityFolder authority = AuthorityFolder.Open(parsed.GetRequiredValue(folder), change: true);
            if (holder.Spki.AsSpan().SequenceEqual(authority.Root.PublicKey.ExportSubjectPublicKeyInfo()))
            {
                throw new CtlException($"{parsed.GetValue(request)} is for the authority's own key, which is for certificates and lists alone");
            }

            Validity validity = authority.Within(Validity.Days(DateTimeOffset.UtcNow, parsed.GetValue(days)));
            using ECDsa signer = authority.OpenKey(parsed.GetValue(key.Key), parsed.GetValue(key.Passphrase));
            string subject = parsed.GetRequiredValue(name);
            OmsCertificate certificate = CertificateMaker.Leaf(purpose, subject, alternatives, holder, authority.Root, signer, validity);

            // A key without a certificate is worth nothing; a certificate that the index does not know could not be revoked.
            if (made is not null)
            {
                PrivateKeyFile.Write(path + ".key", made, passphrase, replace: false);
            }

            authority.Save(authority.Index.With(new IssuedCertificate
            {
                Serial = certificate.Serial,
                Use = purpose,
                Name = subject,
                AlternativeNames = [.. alternatives.Select(alternative => alternative.ToString())],
                NotBefore = validity.From,
                NotAfter = validity.Until,
                SpkiDigest = certificate.SpkiDigestHex,
            }));
            PemFile.Create(path + ".pem", "CERTIFICATE", certificate.Der.Span);
            TextWriter text = parsed.InvocationConfiguration.Output;
            text.WriteLine($"certificate  {path}.pem ({purpose.Word()}, until {validity.Until:yyyy-MM-dd})");
            if (made is not null)
            {
                text.WriteLine($"private key  {path}.key (mode 0600{(passphrase is null ? "" : ", encrypted")})");
            }

            text.WriteLine($"serial       {certificate.Serial}");
            text.WriteLine($"key digest   {certificate.SpkiDigestHex}");
            return (int)ExitCode.Ok;
        });
        return command;
    }

    private static ImmutableArray<AlternativeName> Names(string[] given)
    {
        if (given.Length > MostNames)
        {
            throw new CtlException(ExitCode.Usage, $"--san stands there {given.Length} times; at most {MostNames} names go into a certificate");
        }

        var names = ImmutableArray.CreateBuilder<AlternativeName>();
        foreach (string text in given.Distinct(StringComparer.Ordinal))
        {
            try
            {
                names.Add(AlternativeName.Parse(text));
            }
            catch (FormatException wrong)
            {
                throw new CtlException(ExitCode.Usage, $"--san '{Printable.Of(text)}': {wrong.Message}", wrong);
            }
        }

        return names.ToImmutable();
    }
}
