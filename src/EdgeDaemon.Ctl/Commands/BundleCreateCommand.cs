using System.CommandLine;
using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Ctl.Archives;
using EdgeDaemon.Ctl.Bundles;
using EdgeDaemon.Ctl.Help;
using EdgeDaemon.Ctl.Keys;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl bundle create</c>: a folder of files in, a bundle out.</summary>
internal static class BundleCreateCommand
{
    private const int Readable = 0b110_100_100;

    public static Command Create()
    {
        var folder = new Argument<string>("dir") { Description = "The model's files; the folder is only read." };
        var output = new Option<string>("--out", "-o") { Description = "The new bundle's folder; it must not exist.", HelpName = "dir", Required = true };
        Option<string?> name = BundleInitCommand.ModelNameOption(required: false);
        var command = new CtlCommand("create", "Make a bundle of a folder of model files.",
            "edgectl bundle create ./export --name mymodel --out mymodel", "edgectl bundle sign mymodel --key release.key")
        {
            folder, output, name,
        };
        command.Details =
            """
            A model.toml among the files is checked against them as a device would, and a
            wrong one makes no bundle. Without one a first one is written, as 'bundle init'
            does: read it through, and complete what says FILL_IN before you sign.
            Links, special files and files with a private key in them are refused; git's
            own files at the top stay behind.
            """;
        command.SetAction(parsed =>
        {
            string from = parsed.GetRequiredValue(folder);
            string target = parsed.GetRequiredValue(output);
            string? named = parsed.GetValue(name);
            if (!Directory.Exists(from))
            {
                throw new CtlException($"{from} is not a folder; name the one with the model's files");
            }

            OutputPlace.RefuseWithin(from, target, "the folder that the bundle is made of");
            using ContentTree tree = ContentTree.Read(from, new ContentTreeLimits());
            PrivateKeyBlock.RefuseIn(tree, from);
            string path = Path.Combine(from, ModelManifest.FileName);
            string? draft = null;
            if (tree.Find(ModelManifest.FileName) is { } given)
            {
                ModelManifest manifest = ModelManifest.Parse(given.Bytes.Span, path);
                manifest.CheckFiles(tree.Entries);
                if (named is not null && named != manifest.Name)
                {
                    throw new CtlException($"{path} names the model '{manifest.Name}', not '{named}'; change it there, or leave --name out");
                }
            }
            else
            {
                string model = named ?? throw new CtlException(ExitCode.Usage, $"{from} has no {ModelManifest.FileName}: give the model's name with --name, and a first one is written");
                draft = ManifestSkeleton.Text(model, SkeletonFiles.Of(tree, from, parsed.InvocationConfiguration.Error), DateTimeOffset.UtcNow);
            }

            NewFolder.Fill(target, temporary => Fill(Path.Combine(temporary, "content"), tree, draft));
            TextWriter text = parsed.InvocationConfiguration.Output;
            text.WriteLine($"made {target} ({tree.Files.Length} files{(draft is null ? "" : ", and a first model.toml")})");
            text.WriteLine(draft is not null && draft.Contains(ManifestSkeleton.FillIn, StringComparison.Ordinal)
                ? $"complete what says FILL_IN in {Path.Combine(target, "content", ModelManifest.FileName)}, then: edgectl bundle sign"
                : $"{(draft is null ? "" : "read its model.toml through, ")}then: edgectl bundle sign");
            return (int)ExitCode.Ok;
        });
        return command;
    }

    // What was checked is what is written: from memory, not from the folder a second time.
    private static void Fill(string content, ContentTree tree, string? draft)
    {
        foreach (ContentFile file in tree.Files)
        {
            string path = Path.Combine(content, file.Name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            DurableFile.Create(path, file.Bytes.Span, Readable);
        }

        if (draft is not null)
        {
            DurableFile.Create(Path.Combine(content, ModelManifest.FileName), Encoding.UTF8.GetBytes(draft), Readable);
        }
    }
}
