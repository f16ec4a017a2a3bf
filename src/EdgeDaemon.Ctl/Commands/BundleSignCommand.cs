using System.CommandLine;
using System.Security.Cryptography;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Ctl.Bundles;
using EdgeDaemon.Ctl.Help;
using EdgeDaemon.Ctl.Keys;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl bundle sign</c>: content/ as it is, with one key.</summary>
internal static class BundleSignCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("dir") { Description = "The bundle: a folder with content/ in it." };
        var keyOptions = new KeyOptions("--key", "The private key, as 'edgectl keygen' writes it.");
        var command = new CtlCommand(
            "sign",
            "Sign a bundle's content with a key.",
            "edgectl bundle sign mymodel --key release.key",
            "edgectl bundle sign mymodel --key 'pkcs11:token=release;object=signer' --passphrase-file pin")
        {
            folder, keyOptions.Key, keyOptions.Passphrase,
        };
        command.Details =
            """
            model.toml is read first, and every file is held against its list: a bundle
            that a device would refuse is not signed. Links, special files and files with
            a private key in them are refused. The signature (OpenSSF Model Signing, every
            file with its SHA-256) goes to signatures/, named by the key's digest; several
            people sign one bundle by running this one after the other. Git's own files at
            the top of content/ are never part of a release.
            """;
        command.SetAction(parsed =>
        {
            BundleFolder bundle = BundleFolder.Open(parsed.GetRequiredValue(folder));
            using ContentTree tree = bundle.Read();
            ModelManifest manifest = ModelManifest.Parse(bundle.Manifest(tree).Span, bundle.ManifestPath);
            manifest.CheckFiles(tree.Entries);
            PrivateKeyBlock.RefuseIn(tree, bundle.Content);
            DateTimeOffset now = DateTimeOffset.UtcNow;
            if (manifest.Expires is { } expires && expires <= now)
            {
                throw new CtlException($"{bundle.ManifestPath}: 'expires' is {expires:u}, which is past; no device would take this release up");
            }

            string path;
            OmsKey identity;
            using (ECDsa key = keyOptions.Open(parsed))
            {
                identity = OmsKey.Of(key);
                path = bundle.WriteSignature(identity.Digest.AsSpan(), OmsSigner.Sign(manifest.Name, tree.Entries, key));
            }

            TextWriter output = parsed.InvocationConfiguration.Output;
            output.WriteLine($"signed     {manifest.Name} version {manifest.Version} (sequence {manifest.Sequence}), {tree.Files.Length} files");
            output.WriteLine($"release    {ReleaseDigest.Hex(ReleaseDigest.Compute(tree.Entries))}");
            output.WriteLine($"key        {SpkiDigest.Hex(identity.Digest.AsSpan())} ({identity.Curve})");
            output.WriteLine($"signature  {path}");
            ReleaseTime.WarnOf(manifest, now, output);
            foreach (SignatureReading stale in bundle.SignatureFiles().Select(file => SignatureReading.Of(file, tree)).Where(reading => reading.Fault is not null))
            {
                output.WriteLine($"note       {stale.File} is not over this content ({stale.Fault}); its holder has to sign again");
            }

            return (int)ExitCode.Ok;
        });
        return command;
    }
}
