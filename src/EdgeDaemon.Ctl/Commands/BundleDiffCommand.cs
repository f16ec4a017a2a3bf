using System.Buffers;
using System.CommandLine;
using System.Text;
using System.Text.Json;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Toml;
using EdgeDaemon.Ctl.Bundles;
using EdgeDaemon.Ctl.Help;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl bundle diff</c>: what a second approver wants to see before signing.</summary>
internal static class BundleDiffCommand
{
    /// <summary>One difference; null where a side has nothing.</summary>
    private sealed record Difference(string Kind, string Name, string? Old, string? New);

    public static Command Create()
    {
        var first = new Argument<string>("old") { Description = "A bundle." };
        var second = new Argument<string>("new") { Description = "Another one." };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new CtlCommand("diff", "Show what differs between two bundles: manifest, files, signatures.", "edgectl bundle diff mymodel-1 mymodel-2") { first, second, json };
        command.ExitNote = "Here 0 means that they are the same release with the same signature files, 1 that they differ.";
        command.SetAction(parsed =>
        {
            List<Difference> found = Compare(BundleFolder.Open(parsed.GetRequiredValue(first)), BundleFolder.Open(parsed.GetRequiredValue(second)));
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
            {
                output.WriteLine(Json(found));
            }
            else
            {
                foreach (Difference each in found)
                {
                    output.WriteLine($"{each.Kind,-10}{Printable.Of(each.Name)}: {Printable.Of(each.Old ?? "nothing")} -> {Printable.Of(each.New ?? "nothing")}");
                }

                if (found.Count == 0)
                {
                    output.WriteLine("the same");
                }
            }

            return (int)(found.Count == 0 ? ExitCode.Ok : ExitCode.Failed);
        });
        return command;
    }

    private static List<Difference> Compare(BundleFolder first, BundleFolder second)
    {
        using HashedTree old = first.Hash(), fresh = second.Hash();
        var found = new List<Difference>();
        void Note(string kind, string name, string? was, string? becomes)
        {
            if (was != becomes)
            {
                found.Add(new Difference(kind, name, was, becomes));
            }
        }

        Note("release", "digest", ReleaseOf(old), ReleaseOf(fresh));
        Dictionary<string, string> oldFacts = Facts(first, old), newFacts = Facts(second, fresh);
        foreach (string fact in oldFacts.Keys.Union(newFacts.Keys))
        {
            Note("manifest", fact, oldFacts.GetValueOrDefault(fact), newFacts.GetValueOrDefault(fact));
        }

        Dictionary<string, string> oldFiles = old.Entries.ToDictionary(file => file.Name, Shown), newFiles = fresh.Entries.ToDictionary(file => file.Name, Shown);
        foreach (string file in oldFiles.Keys.Union(newFiles.Keys).Order(Utf8Order.Instance))
        {
            Note("file", file, oldFiles.GetValueOrDefault(file), newFiles.GetValueOrDefault(file));
        }

        string[] oldSigned = [.. first.SignatureFiles().Select(file => file.Name)], newSigned = [.. second.SignatureFiles().Select(file => file.Name)];
        foreach (string signature in oldSigned.Union(newSigned).Order(StringComparer.Ordinal))
        {
            Note("signature", signature, oldSigned.Contains(signature) ? "there" : null, newSigned.Contains(signature) ? "there" : null);
        }

        return found;
    }

    private static string? ReleaseOf(HashedTree tree) => tree.Entries.IsEmpty ? null : ReleaseDigest.Hex(ReleaseDigest.Compute(tree.Entries));

    private static string Shown(TreeFile file) => $"{file.Size} bytes, {Convert.ToHexStringLower(file.Sha256.AsSpan())}";

    private static Dictionary<string, string> Facts(BundleFolder bundle, HashedTree tree)
    {
        byte[] text = bundle.Manifest(tree);
        try
        {
            ModelManifest manifest = ModelManifest.Parse(text, bundle.ManifestPath);
            return new Dictionary<string, string>
            {
                ["name"] = manifest.Name,
                ["version"] = manifest.Version,
                ["sequence"] = $"{manifest.Sequence}",
                ["security_floor"] = $"{manifest.SecurityFloor}",
                ["created"] = $"{manifest.Created:u}",
                ["expires"] = manifest.Expires is { } expires ? $"{expires:u}" : "never",
                ["members"] = string.Join(", ", manifest.Members.Select(member => $"{member.Name} ({member.File})")),
                ["inputs"] = string.Join(", ", manifest.Inputs.Select(input => $"{input.Contract.Name} {input.Contract.Type} [{string.Join(',', input.Contract.Shape)}]")),
                ["outputs"] = string.Join(", ", manifest.Outputs.Select(output => $"{output.Contract.Name} {output.Contract.Type} [{string.Join(',', output.Contract.Shape)}]")),
                ["batching"] = manifest.Batching is { } batching ? $"{batching.MaxBatch} rows, preferred [{string.Join(',', batching.Preferred)}], {batching.MaxDelay.TotalMicroseconds:0} us" : "no",
                ["control_flow"] = manifest.ControlFlow ? "allowed" : "refused",
            };
        }
        catch (Exception unreadable) when (unreadable is TomlException or TomlInvalidException)
        {
            // Shown like a fact: a bundle is compared because something is wrong with it.
            return new Dictionary<string, string> { ["readable"] = text.Length == 0 ? "missing" : "no" };
        }
    }

    private static string Json(List<Difference> found)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartArray();
            foreach (Difference each in found)
            {
                json.WriteStartObject();
                json.WriteString("kind", each.Kind);
                json.WriteString("name", each.Name);
                json.WriteString("old", each.Old);
                json.WriteString("new", each.New);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
