using System.Collections.Immutable;
using System.Text;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Keys;

/// <summary>Public keys, certificates and revocation lists in PEM files of the operator; text before the blocks is skipped.</summary>
internal static class CertificateFiles
{
    private const int MaxBytes = 1 << 20;

    public static OmsKey PublicKey(string path) => Named(path, text => OmsKey.FromPem(text), MaxBytes);

    public static ImmutableArray<OmsCertificate> Certificates(string path) => Named(path, text => OmsCertificate.FromPem(text), MaxBytes);

    public static OmsRevocationList RevocationList(string path) => Named(path, text => OmsRevocationList.FromPem(text), 2 * OmsRevocationList.MaxBytes);

    /// <summary>
    /// The roots of a trusted chain, as <c>--cert-chain</c> gives it: every certificate that is its own issuer. The others only help to
    /// get there; taken for roots, they would hide an expired root above them.
    /// </summary>
    /// <exception cref="CtlException">There is no root among them.</exception>
    public static ImmutableArray<OmsAnchor> Anchors(IEnumerable<string> paths, OmsAnchorRules rules)
    {
        OmsCertificate[] all = [.. paths.SelectMany(path => Certificates(path))];
        OmsAnchorRules complete = rules with { Intermediates = [.. all.Where(certificate => !IsRoot(certificate))] };
        OmsCertificate[] roots = [.. all.Where(IsRoot)];
        return roots.Length > 0
            ? [.. roots.Select(root => new OmsAnchor(root, complete))]
            : throw new CtlException("--cert-chain has no root: none of its certificates is its own issuer");
    }

    private static bool IsRoot(OmsCertificate certificate) => certificate.Subject == certificate.Issuer;

    private static T Named<T>(string path, Func<string, T> read, int maxBytes)
    {
        string text = Encoding.Latin1.GetString(SafeFileRead.Read(path, maxBytes));
        try
        {
            return read(text);
        }
        catch (OmsException unusable)
        {
            throw new CtlException($"{path}: {unusable.Message}", unusable);
        }
    }
}
