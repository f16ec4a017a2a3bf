using System.Collections.Immutable;
using System.CommandLine;
using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Ctl.Bundles;
using EdgeDaemon.Ctl.Help;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl bundle init</c>: a first model.toml from what lies in the content folder.</summary>
internal static class BundleInitCommand
{
    private const int Readable = 0b110_100_100;

    public static Command Create()
    {
        var folder = new Argument<string>("dir") { Description = "The bundle: a folder with content/, where the model's files already are." };
        Option<string?> name = ModelNameOption(required: true);
        var force = new Option<bool>("--force") { Description = "Overwrite a model.toml that is there." };
        var command = new CtlCommand(
            "init",
            "Write a first content/model.toml for a folder of model files.",
            "mkdir -p mymodel/content && cp model.onnx labels.txt mymodel/content/",
            "edgectl bundle init mymodel --name mymodel")
        {
            folder, name, force,
        };
        command.Details =
            """
            File sizes, members, inputs and outputs are filled in as the files and the
            ONNX graphs say. Read the result through and complete it before you sign:
            what could not be found out says FILL_IN, and 'bundle sign' refuses that.
            'bundle create' does the same for files that lie elsewhere.
            """;
        command.SetAction(parsed =>
        {
            BundleFolder bundle = BundleFolder.Open(parsed.GetRequiredValue(folder));
            if (Path.Exists(bundle.ManifestPath) && !parsed.GetValue(force))
            {
                throw new CtlException($"{bundle.ManifestPath} exists; change it by hand, or add --force to write a new one");
            }

            ImmutableArray<SkeletonFile> files;
            using (ContentTree tree = bundle.Read())
            {
                files = SkeletonFiles.Of(tree, bundle.Content, parsed.InvocationConfiguration.Error);
            }

            string text = ManifestSkeleton.Text(parsed.GetValue(name)!, files, DateTimeOffset.UtcNow);
            DurableFile.Write(bundle.ManifestPath, Encoding.UTF8.GetBytes(text), Readable);
            TextWriter output = parsed.InvocationConfiguration.Output;
            output.WriteLine($"wrote {bundle.ManifestPath} ({files.Length} files)");
            output.WriteLine(text.Contains(ManifestSkeleton.FillIn, StringComparison.Ordinal)
                ? "complete what says FILL_IN, then: edgectl bundle sign"
                : "read it through, then: edgectl bundle sign");
            return (int)ExitCode.Ok;
        });
        return command;
    }

    /// <summary><c>--name</c>, judged before anything is read.</summary>
    public static Option<string?> ModelNameOption(bool required)
    {
        var name = new Option<string?>("--name") { Description = "The model's name, as callers will use it.", HelpName = "name", Required = required };
        name.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && ModelName.Fault(token.Value) is string fault)
            {
                result.AddError($"--name {fault}.");
            }
        });
        return name;
    }
}
