using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Pki;

/// <summary>
/// A certificate request (PKCS#10) as a proof that somebody holds a key. What it asks for, names and purposes, is not looked at: the
/// authority says what a certificate says.
/// </summary>
internal static class RequestFile
{
    private const int MaxBytes = 64 << 10;

    /// <summary>The public key whose private half signed the request.</summary>
    /// <exception cref="CtlException">No request, not signed by its key, or another kind of key.</exception>
    public static OmsKey Key(string path)
    {
        string text = Encoding.Latin1.GetString(SafeFileRead.Read(path, MaxBytes));
        if (!PemEncoding.TryFind(text, out PemFields block) || text[block.Label] is not ("CERTIFICATE REQUEST" or "NEW CERTIFICATE REQUEST"))
        {
            throw new CtlException($"{path} holds no certificate request in PEM ('-----BEGIN CERTIFICATE REQUEST-----')");
        }

        try
        {
            // Checks the signature; extensions that are asked for stay unread.
            byte[] der = Convert.FromBase64String(text[block.Base64Data]);
            var request = CertificateRequest.LoadSigningRequest(der, HashAlgorithmName.SHA256, out int read, CertificateRequestLoadOptions.Default);
            return read == der.Length
                ? OmsKey.FromSpki(request.PublicKey.ExportSubjectPublicKeyInfo())
                : throw new CtlException($"{path}: bytes follow the request");
        }
        catch (Exception wrong) when (wrong is CryptographicException or OmsException or NotSupportedException)
        {
            throw new CtlException($"{path} is not a certificate request that its own P-256, P-384 or P-521 key has signed", wrong);
        }
    }
}
