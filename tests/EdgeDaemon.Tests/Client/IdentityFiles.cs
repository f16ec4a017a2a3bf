using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EdgeDaemon.Tests.Client;

/// <summary>A client's certificate, its key (mode 0600) and its root as PEM files.</summary>
[SupportedOSPlatform("linux")]
internal sealed class IdentityFiles : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("edged-").FullName;

    public IdentityFiles(TestIdentity authority)
    {
        X509Certificate2 client = authority.Client();
        using ECDsa key = client.GetECDsaPrivateKey()!;
        File.WriteAllText(Certificate, client.ExportCertificatePem());
        File.WriteAllText(Key, key.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(Key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(Root, authority.Root.ExportCertificatePem());
    }

    public string Certificate => Path.Combine(_folder, "client.pem");

    public string Key => Path.Combine(_folder, "client.key");

    public string Root => Path.Combine(_folder, "root.pem");

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
