using System.Collections.Immutable;
using System.CommandLine;
using System.Security.Cryptography;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Ctl.Bundles;
using EdgeDaemon.Ctl.Help;
using EdgeDaemon.Ctl.Keys;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl oms sign</c>: any folder or file, for every verifier of OMS.</summary>
internal static class OmsSignCommand
{
    private const int Readable = 0b110_100_100;

    public static Command Create()
    {
        Option<string> method = OmsOptions.Method();
        Option<string> model = OmsOptions.ModelPath();
        Option<string> bundle = OmsOptions.Bundle();
        var privateKey = new KeyOptions("--private-key", "The private key in PEM.");
        var signingCert = new Option<string?>("--signing-cert") { Description = "With --method certificate: the signer's certificate in PEM.", HelpName = "file" };
        Option<string[]> chain = OmsOptions.Files("--cert-chain", "With --method certificate: its issuers in PEM, in order.");
        Option<string[]> ignore = OmsOptions.IgnorePaths();
        var command = new CtlCommand(
            "sign",
            "Sign a folder or file as it is.",
            "edgectl oms sign --method key --model-path DIR --bundle model.sig --private-key release.key",
            "edgectl oms sign --method certificate --model-path DIR --bundle model.sig --private-key signer.key --signing-cert signer.pem --cert-chain ca.pem")
        {
            method, model, bundle, privateKey.Key, privateKey.Passphrase, signingCert, chain, ignore,
        };
        command.Aliases.Add("sign-model");
        command.Details =
            """
            Every file with its SHA-256, in one OpenSSF Model Signing file. Links and
            special files are refused; git's own files at the top are left out. Bundles
            for edged are signed with 'edgectl bundle sign'.
            """;
        command.Validators.Add(result =>
        {
            if ((OmsOptions.GivenMethod(result, method) == "certificate") != (result.GetResult(signingCert) is not null))
            {
                result.AddError("--signing-cert goes with --method certificate.");
            }
        });
        command.SetAction(parsed =>
        {
            string bundlePath = parsed.GetRequiredValue(bundle);
            OmsModel opened = OmsModel.Open(parsed.GetRequiredValue(model), parsed.GetRequiredValue(ignore), bundlePath);
            var signing = new OmsSigning
            {
                Chain = Chain(parsed.GetValue(signingCert), parsed.GetRequiredValue(chain)),
                Time = DateTimeOffset.UtcNow,
                IgnorePaths = opened.Ignored,
            };
            using ECDsa key = privateKey.Open(parsed);
            ImmutableArray<TreeFile> files;
            using (HashedTree tree = opened.ReadToSign())
            {
                files = tree.Entries;
            }

            DurableFile.Write(bundlePath, OmsSigner.Sign(opened.Name, files, key, signing), Readable);
            TextWriter output = parsed.InvocationConfiguration.Output;
            output.WriteLine($"signed     {Printable.Of(opened.Name)}, {files.Length} files");
            output.WriteLine($"key        {SpkiDigest.Hex(OmsKey.Of(key).Digest.AsSpan())}");
            output.WriteLine($"signature  {bundlePath}");
            return (int)ExitCode.Ok;
        });
        return command;
    }

    /// <summary>Leaf first; people give full chains, so what was given twice is written once.</summary>
    private static ImmutableArray<OmsCertificate> Chain(string? leaf, string[] issuers)
    {
        if (leaf is null)
        {
            return [];
        }

        ImmutableArray<OmsCertificate> first = CertificateFiles.Certificates(leaf);
        return [.. first.Concat(issuers.SelectMany(path => CertificateFiles.Certificates(path))).DistinctBy(certificate => Convert.ToHexString(certificate.Der.Span))];
    }
}
