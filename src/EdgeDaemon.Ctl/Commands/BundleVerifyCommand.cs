using System.CommandLine;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Ctl.Bundles;
using EdgeDaemon.Ctl.Help;
using EdgeDaemon.Ctl.Trust;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl bundle verify</c>: the device's verdict, without the device.</summary>
internal static class BundleVerifyCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("dir") { Description = "The bundle: a folder with content/ and signatures/." };
        var trustFile = new Option<string>("--trust") { Description = "The device's trust file.", HelpName = "file", Required = true };
        var command = new CtlCommand(
            "verify",
            "Judge a bundle by a trust file, as a device does before it loads one.",
            "edgectl bundle verify mymodel --trust trust.toml")
        {
            folder, trustFile,
        };
        command.ExitNote = "Here 0 means that the bundle is good and 1 that it is refused, with the reason.";
        command.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(trustFile);
            TrustPolicy trust = TrustFile.Read(path, parsed.InvocationConfiguration.Error).Policy;
            DateTimeOffset now = DateTimeOffset.UtcNow;
            BundleFolder bundle = BundleFolder.Open(parsed.GetRequiredValue(folder));
            using HashedTree tree = bundle.Hash();
            VerifiedBundle verified = VerifiedBundle.Verify(
                new TrustContext(trust, ReleaseHistory.Empty, device: null, now),
                bundle.SignatureFiles(),
                tree.Entries,
                bundle.Manifest(tree),
                bundle.ManifestPath,
                tree.RangeDigest);

            TextWriter output = parsed.InvocationConfiguration.Output;
            ModelManifest manifest = verified.Manifest;
            output.WriteLine($"good       {manifest.Name} version {manifest.Version} (sequence {manifest.Sequence})");
            output.WriteLine($"release    {verified.ReleaseDigest}");
            output.WriteLine($"signed by  {string.Join(", ", verified.Signers.Keys.Select(key => Printable.Of(key.Name)))}");
            ReleaseTime.WarnOf(manifest, now, output);
            foreach (IgnoredSignature ignored in verified.Signers.Ignored)
            {
                output.WriteLine($"ignored    {Printable.Of(ignored.File)}: {ignored.Reason}");
            }

            return (int)ExitCode.Ok;
        });
        return command;
    }
}
