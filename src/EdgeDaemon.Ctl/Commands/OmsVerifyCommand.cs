using System.Collections.Immutable;
using System.CommandLine;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Ctl.Bundles;
using EdgeDaemon.Ctl.Help;
using EdgeDaemon.Ctl.Keys;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl oms verify</c>: any folder or file against an OMS signature and the trust on the command line.</summary>
internal static class OmsVerifyCommand
{
    public static Command Create()
    {
        Option<string> method = OmsOptions.Method();
        Option<string> model = OmsOptions.ModelPath();
        Option<string> bundle = OmsOptions.Bundle();
        var publicKey = new Option<string?>("--public-key") { Description = "With --method key: the trusted public key in PEM.", HelpName = "file" };
        Option<string[]> chain = OmsOptions.Files("--cert-chain", "With --method certificate: trusted roots, and intermediates that the file may lack.");
        Option<string[]> lists = OmsOptions.Files("--crl", "Revocation lists in PEM of the issuers.");
        var relax = new Option<bool>("--relax-usage") { Description = "Take signers without extKeyUsage, or for any usage, too." };
        Option<string[]> ignore = OmsOptions.IgnorePaths();
        var unsigned = new Option<bool>("--ignore-unsigned-files") { Description = "Take files that nobody signed. Do not load them." };
        var command = new CtlCommand(
            "verify",
            "Check a folder or file against its OMS signature.",
            "edgectl oms verify --method key --model-path DIR --bundle model.sig --public-key release.key.pub",
            "edgectl oms verify --method certificate --model-path DIR --bundle model.sig --cert-chain root.pem")
        {
            method, model, bundle, publicKey, chain, lists, relax, ignore, unsigned,
        };
        command.Aliases.Add("verify-model");
        command.ExitNote = "Here 0 means that the signature holds over the model and 1 that it does not, with the reason.";
        command.Details =
            """
            Certificates are judged now, by the roots given and no others: no store of the
            system is read and nothing is fetched. Files are hashed as they are read; a
            daemon judges the bytes that it loads by itself.
            """;
        command.Validators.Add(result =>
        {
            string? given = OmsOptions.GivenMethod(result, method);
            bool key = given == "key";
            if (given is not ("key" or "certificate"))
            {
                return; // That is the error to report, or a missing one.
            }

            if (key != (result.GetResult(publicKey) is not null) || key == (result.GetValue(chain) is { Length: > 0 }))
            {
                result.AddError("--method key goes with --public-key, --method certificate with --cert-chain.");
            }
        });
        command.SetAction(parsed =>
        {
            string bundlePath = parsed.GetRequiredValue(bundle);
            OmsModel opened = OmsModel.Open(parsed.GetRequiredValue(model), parsed.GetRequiredValue(ignore), bundlePath);
            ImmutableArray<OmsKey> keys = [];
            ImmutableArray<OmsAnchor> anchors = [];
            if (parsed.GetRequiredValue(method) == "key")
            {
                keys = [CertificateFiles.PublicKey(parsed.GetValue(publicKey)!)];
            }
            else
            {
                anchors = CertificateFiles.Anchors(parsed.GetRequiredValue(chain), new OmsAnchorRules
                {
                    RelaxUsage = parsed.GetValue(relax),
                    RevocationLists = [.. parsed.GetRequiredValue(lists).Select(CertificateFiles.RevocationList)],
                });
            }

            // Who signed comes before what: no file of the model is opened for a stranger's signature.
            byte[] signature = SafeFileRead.Read(bundlePath, SignatureFile.MaxBytes);
            OmsVerified verified = OmsVerifier.Verify(signature, keys, anchors, DateTimeOffset.UtcNow);
            ImmutableArray<TreeFile> files = opened.Match(verified.Statement, parsed.GetValue(unsigned));

            TextWriter output = parsed.InvocationConfiguration.Output;
            output.WriteLine($"good       {Printable.Of(opened.Name)}, {files.Length} files");
            output.WriteLine($"signed by  {verified.SignerDigest} ({verified.Key.Curve})");
            if (verified.Leaf is { } leaf)
            {
                output.WriteLine($"subject    {Printable.Of(leaf.Subject)}");
                output.WriteLine($"root       {Printable.Of(verified.Anchor!.Root.Subject)}");
                if (parsed.GetRequiredValue(lists).Length == 0)
                {
                    output.WriteLine("warning    revocation not checked: name the issuers' lists with --crl");
                }
            }

            return (int)ExitCode.Ok;
        });
        return command;
    }
}
