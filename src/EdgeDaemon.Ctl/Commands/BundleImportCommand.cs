using System.CommandLine;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Ctl.Archives;
using EdgeDaemon.Ctl.Bundles;
using EdgeDaemon.Ctl.Help;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl bundle import-oms</c>: a directory that another tool signed, as a bundle with that very signature.</summary>
internal static class BundleImportCommand
{
    private const int MaxPemBytes = 16 << 10;
    private const int Readable = 0b110_100_100;

    public static Command Create()
    {
        var folder = new Argument<string>("dir") { Description = "The directory that was signed, model.toml in it." };
        var signature = new Argument<string>("sig") { Description = "Its signature file (OpenSSF Model Signing)." };
        var output = new Option<string>("--out", "-o") { Description = "The new bundle's folder; it must not exist.", HelpName = "dir", Required = true };
        var key = new Option<string?>("--public-key") { Description = "The signer's public key: names the signature by it, and checks that it made it.", HelpName = "file" };
        var command = new CtlCommand("import-oms", "Make a bundle of a directory that the model_signing command line, or any tool like it, has signed.",
            "edgectl bundle import-oms ./model model.sig -o mymodel") { folder, signature, output, key };
        command.Details =
            """
            The signature is kept byte for byte and verifies unchanged. Only what it
            covers is copied. model.toml must be among that: write it with 'bundle init'
            and sign the directory then. Nothing is trusted by this; 'bundle verify' judges.
            """;
        command.SetAction(parsed =>
        {
            string from = parsed.GetRequiredValue(folder);
            byte[] bytes = SafeFileRead.Read(parsed.GetRequiredValue(signature), SignatureFile.MaxBytes);
            OmsSignature read = OmsSignature.Parse(bytes);
            string name = NameOf(read, bytes, parsed.GetValue(key));
            OmsModel model = OmsModel.Open(from, [], parsed.GetRequiredValue(signature));
            ImmutableArray<TreeFile> files = model.Match(OmsStatement.Parse(read.Payload), ignoreUnsigned: false);
            if (files.All(file => file.Name != ModelManifest.FileName))
            {
                throw new CtlException($"{from} has no signed {ModelManifest.FileName}; write one there ('edgectl bundle init' makes a first one) and have the directory signed again");
            }

            string target = parsed.GetRequiredValue(output);
            if (!model.IsFile)
            {
                OutputPlace.RefuseWithin(from, target, "the directory that was signed");
            }

            NewFolder.Fill(target, temporary =>
            {
                Copy(from, files, Path.Combine(temporary, "content"));
                Directory.CreateDirectory(Path.Combine(temporary, "signatures"));
                DurableFile.Write(Path.Combine(temporary, "signatures", name), bytes, Readable);
            });
            parsed.InvocationConfiguration.Output.WriteLine($"{target}: {files.Length} files, signature {name}");
            return (int)ExitCode.Ok;
        });
        return command;
    }

    private static void Copy(string from, ImmutableArray<TreeFile> files, string content)
    {
        using HashedTree tree = HashedTree.Read(from, new ContentTreeLimits(), name => files.All(file => file.Name != name));
        foreach (TreeFile file in files)
        {
            string path = Path.Combine(content, file.Name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using var source = new DigestStream(tree.Open(file.Name));
            using var target = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
            source.CopyTo(target);
            if (!source.Digest().AsSpan().SequenceEqual(file.Sha256.AsSpan()))
            {
                throw new CtlException($"'{Printable.Of(file.Name)}' changed while it was copied; try again");
            }
        }
    }

    // Where to look, never who signed: without the key a hint will do.
    private static string NameOf(OmsSignature signature, byte[] bytes, string? keyFile)
    {
        if (keyFile is not null)
        {
            OmsKey key = OmsKey.FromPem(Encoding.UTF8.GetString(SafeFileRead.Read(keyFile, MaxPemBytes)));
            OmsVerifier.Verify(bytes, [key]);
            return SpkiDigest.SignatureFileName(key.Digest.AsSpan());
        }

        return signature.Method switch
        {
            OmsMethod.Certificate => SpkiDigest.SignatureFileName(Convert.FromHexString(signature.ReadCertificates()[0].SpkiDigestHex)),
            OmsMethod.Key when signature.Hint is { Length: >= SpkiDigest.FileNameDigits } hint && hint.All(char.IsAsciiHexDigitLower) => hint[..SpkiDigest.FileNameDigits] + ".sig",
            OmsMethod.Key => SpkiDigest.SignatureFileName(SHA256.HashData(bytes)),
            _ => throw new CtlException("the directory is signed through Sigstore's services, which edged does not trust; have it signed with a key or a certificate"),
        };
    }
}
