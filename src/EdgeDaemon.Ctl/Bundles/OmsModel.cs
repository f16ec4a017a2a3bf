using System.Collections.Immutable;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Bundles;

/// <summary>A folder or a single file as the model of an OMS signature, with what is left out of it.</summary>
internal sealed class OmsModel
{
    private OmsModel(string path, bool single, ImmutableArray<string> ignored)
    {
        FullPath = path;
        IsFile = single;
        Ignored = ignored;
    }

    public string FullPath { get; }

    public string Name => Path.GetFileName(FullPath) is { Length: > 0 } name ? name : "model";

    public bool IsFile { get; }

    /// <summary>Relative to the model's root; the signature file itself when it lies inside.</summary>
    public ImmutableArray<string> Ignored { get; }

    /// <param name="ignorePaths">Absolute, or relative to the working folder, as the conformance suite gives them; those outside match nothing.</param>
    /// <exception cref="CtlException">No such folder or file.</exception>
    public static OmsModel Open(string path, IEnumerable<string> ignorePaths, string bundle)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        bool single = File.Exists(full);
        if (!single && !Directory.Exists(full))
        {
            throw new CtlException($"{path} is neither a folder nor a file");
        }

        ImmutableArray<string> ignored =
            [.. ignorePaths.Append(bundle)
                .Select(ignore => Path.GetRelativePath(full, Path.GetFullPath(ignore)))
                .Where(relative => ResourceName.Fault(relative) is null)
                .Distinct(StringComparer.Ordinal)];
        return new OmsModel(full, single, ignored);
    }

    /// <summary>What is signed: everything but what is ignored. Digests only, so in constant memory.</summary>
    public HashedTree ReadToSign() => IsFile
        ? HashedTree.ReadFile(FullPath)
        : HashedTree.Read(FullPath, new ContentTreeLimits(), name => Ignored.Any(path => ResourceName.IsAtOrUnder(name, path)));

    /// <summary>The signed files, when the model is what the statement says.</summary>
    /// <exception cref="OmsException">It is not.</exception>
    public ImmutableArray<TreeFile> Match(OmsStatement statement, bool ignoreUnsigned)
    {
        // Ignored ones are read too: what is both ignored and signed is compared.
        using HashedTree tree = IsFile ? HashedTree.ReadFile(FullPath) : HashedTree.Read(FullPath, new ContentTreeLimits());
        var options = new OmsTreeOptions { IgnorePaths = Ignored, IgnoreUnlisted = ignoreUnsigned, RangeDigest = tree.RangeDigest };
        return IsFile ? [statement.MatchFile(tree.Entries[0], options)] : statement.MatchTree(tree.Entries, options);
    }
}
