using System.CommandLine;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Onnx;
using EdgeDaemon.Core.Toml;
using EdgeDaemon.Ctl.Answers;
using EdgeDaemon.Ctl.Bundles;
using EdgeDaemon.Ctl.Help;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl bundle inspect</c>: what is in a bundle, nothing proven.</summary>
internal static class BundleInspectCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("dir") { Description = "The bundle: a folder with content/ in it." };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new CtlCommand(
            "inspect",
            "Show what a bundle says of itself and what its graphs hold: manifest, files, signatures, findings. Proves nothing; 'bundle verify' does.",
            "edgectl bundle inspect mymodel",
            "edgectl bundle inspect mymodel --json")
        {
            folder, json,
        };
        command.ExitNote = "Here 1 also means that model.toml is missing, wrong, or not about these files, or that a finding is a danger: no device would load it.";
        command.Details =
            """
            The graphs are walked as edged walks them before it loads one, without ONNX
            Runtime. A finding has a severity (info, warning, danger), a code and a place.
            """;
        command.SetAction(parsed =>
        {
            BundleFolder bundle = BundleFolder.Open(parsed.GetRequiredValue(folder));
            using HashedTree tree = bundle.Hash();
            SignatureReading[] signatures = [.. bundle.SignatureFiles().Select(file => SignatureReading.Of(file, tree))];
            ModelManifest? manifest = null;
            Exception? fault = null;
            try
            {
                manifest = ModelManifest.Parse(Manifest(bundle, tree), bundle.ManifestPath);
                manifest.CheckFiles(tree.Entries);
            }
            catch (Exception wrong) when (wrong is CtlException or TomlException or TomlInvalidException or ManifestException)
            {
                // Shown after the rest: a bundle is inspected because something is wrong with it.
                fault = wrong;
            }

            ModelInspection? inspection = manifest is null || fault is not null ? null : Inspect(manifest, tree);
            TextWriter output = parsed.InvocationConfiguration.Output;
            output.Write(parsed.GetValue(json)
                ? InspectionText.Json(manifest, inspection, tree.Entries, signatures)
                : InspectionText.Lines(manifest, inspection, tree.Entries, signatures));
            if (fault is null && inspection!.All.Any(found => found.Finding.Severity == FindingSeverity.Danger))
            {
                fault = new CtlException("the inspection found danger; edged refuses this bundle");
            }

            return (int)(fault is null ? ExitCode.Ok : FailureReport.Write(fault, parsed.InvocationConfiguration.Error));
        });
        return command;
    }

    private static byte[] Manifest(BundleFolder bundle, HashedTree tree) =>
        bundle.Manifest(tree) is { Length: > 0 } manifest
            ? manifest
            : throw new CtlException($"{bundle.Content} has no {ModelManifest.FileName}; 'edgectl bundle init' writes a first one");

    // The files are mapped, not read: of a gigabyte of weights the walk looks at the bytes between them, in memory that does not grow with them.
    private static ModelInspection Inspect(ModelManifest manifest, HashedTree tree)
    {
        var mapped = new List<MappedFile>();
        try
        {
            return ModelInspection.Of(manifest, name =>
            {
                var file = new MappedFile(tree.Open(name));
                mapped.Add(file);
                return file.Memory;
            });
        }
        finally
        {
            mapped.ForEach(file => ((IDisposable)file).Dispose());
        }
    }
}
