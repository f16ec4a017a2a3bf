using System.Collections.Immutable;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Bundles;

/// <summary>
/// What a signature file says, without a key to prove it by: the hint of the key it names, and whether its list is this very
/// content. <paramref name="Fault"/> is null when it is.
/// </summary>
internal sealed record SignatureReading(string File, string? Hint, int Resources, string? Fault)
{
    public static SignatureReading Of(SignatureFile file, ContentTree tree) => Of(file, tree.Entries, tree.RangeDigest);

    public static SignatureReading Of(SignatureFile file, HashedTree tree) => Of(file, tree.Entries, tree.RangeDigest);

    private static SignatureReading Of(SignatureFile file, ImmutableArray<TreeFile> entries, RangeDigest rangeDigest)
    {
        string? hint = null;
        int resources = 0;
        try
        {
            OmsSignature signature = OmsSignature.Parse(file.Bytes);
            hint = signature.Hint;
            OmsStatement statement = OmsStatement.Parse(signature.Payload);
            resources = statement.Resources.Length;
            int signed = statement.MatchTree(entries, new OmsTreeOptions { RangeDigest = rangeDigest }).Length;
            return new SignatureReading(
                file.Name, hint, resources, signed == entries.Length ? null : "it leaves files of the content unsigned");
        }
        catch (OmsException reason)
        {
            return new SignatureReading(file.Name, hint, resources, reason.Message);
        }
    }
}
