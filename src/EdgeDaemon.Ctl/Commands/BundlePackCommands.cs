using System.CommandLine;
using EdgeDaemon.Ctl.Archives;
using EdgeDaemon.Ctl.Bundles;
using EdgeDaemon.Ctl.Help;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl bundle pack</c> and <c>edgectl bundle unpack</c>: a bundle as one file.</summary>
internal static class BundlePackCommands
{
    public static Command CreatePack()
    {
        var folder = new Argument<string>("dir") { Description = "The bundle: a folder with content/ and signatures/." };
        var output = new Option<string>("--out", "-o") { Description = "The archive; it must not exist.", HelpName = "file", Required = true };
        var command = new CtlCommand("pack", "Pack a bundle into one file; the same bundle always gives the same bytes.", "edgectl bundle pack mymodel -o mymodel.tar") { folder, output };
        command.SetAction(parsed =>
        {
            BundleFolder bundle = BundleFolder.Open(parsed.GetRequiredValue(folder));
            string path = parsed.GetRequiredValue(output);
            if (Path.Exists(path))
            {
                throw new CtlException($"{path} exists; choose another name");
            }

            OutputPlace.RefuseWithin(parsed.GetRequiredValue(folder), path, "the bundle that is packed");
            using HashedTree tree = bundle.Hash();
            int files;
            try
            {
                using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
                files = BundlePacker.Write(bundle, tree, file);
            }
            catch
            {
                File.Delete(path); // Half an archive must not look like one.
                throw;
            }

            parsed.InvocationConfiguration.Output.WriteLine($"{path}: {files} files");
            return (int)ExitCode.Ok;
        });
        return command;
    }

    public static Command CreateUnpack()
    {
        var archive = new Argument<string>("file") { Description = "The archive." };
        var folder = new Argument<string>("dir") { Description = "The bundle's folder; it must not exist." };
        var command = new CtlCommand("unpack", "Unpack a bundle, strictly: no links, no other files, nothing outside the folder.", "edgectl bundle unpack mymodel.tar mymodel") { archive, folder };
        command.Details =
            """
            Nothing is trusted by being unpacked: 'edgectl bundle verify' judges it, and
            edged does again before it loads it.
            """;
        command.SetAction(parsed =>
        {
            string target = parsed.GetRequiredValue(folder);
            using FileStream file = SafeFileRead.OpenRegular(parsed.GetRequiredValue(archive));
            int files = BundleUnpacker.Read(file, target);
            parsed.InvocationConfiguration.Output.WriteLine($"{target}: {files} files");
            return (int)ExitCode.Ok;
        });
        return command;
    }
}
