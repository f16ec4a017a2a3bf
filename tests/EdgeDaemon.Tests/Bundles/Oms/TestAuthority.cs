using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeDaemon.Core.Bundles.Oms;

namespace EdgeDaemon.Tests.Bundles.Oms;

/// <summary>A certificate made at test run time with .NET's own builder, right unless a test says what is wrong with it.</summary>
internal sealed class TestAuthority
{
    public const string CodeSigning = "1.3.6.1.5.5.7.3.3";
    public const string ServerAuth = "1.3.6.1.5.5.7.3.1";
    public const string AnyUsage = "2.5.29.37.0";

    public static readonly DateTimeOffset Now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    private static int s_serial = 0x10000;

    private TestAuthority(byte[] der, AsymmetricAlgorithm key, X500DistinguishedName name, byte[] serial)
    {
        Der = der;
        Key = key;
        Name = name;
        Serial = serial;
    }

    public byte[] Der { get; }

    public AsymmetricAlgorithm Key { get; }

    public X500DistinguishedName Name { get; }

    public byte[] Serial { get; }

    public OmsCertificate Certificate => OmsCertificate.FromDer(Der);

    public static TestAuthority Root(string name = "CN=root", Shape? shape = null, AsymmetricAlgorithm? key = null) =>
        Make(name, null, shape ?? Shape.Authority, key);

    public TestAuthority Authority(string name = "CN=intermediate", Shape? shape = null, AsymmetricAlgorithm? key = null) =>
        Make(name, this, shape ?? Shape.Authority, key);

    public TestAuthority Leaf(string name = "CN=leaf", Shape? shape = null, AsymmetricAlgorithm? key = null) =>
        Make(name, this, shape ?? Shape.Leaf, key);

    public OmsRevocationList List(DateTimeOffset from, DateTimeOffset until, AsymmetricAlgorithm? signer, params TestAuthority[] revoked)
    {
        var builder = new CertificateRevocationListBuilder();
        foreach (TestAuthority each in revoked)
        {
            builder.AddEntry(each.Serial, from);
        }

        byte[] der = builder.Build(
            Name, Generator(signer ?? Key), 1, until, HashAlgorithmName.SHA256, X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier([1, 2, 3]), from);
        return OmsRevocationList.FromDer(der);
    }

    private static TestAuthority Make(string name, TestAuthority? issuer, Shape shape, AsymmetricAlgorithm? key)
    {
        key ??= ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var subject = new X500DistinguishedName(name);
        CertificateRequest request = key is RSA rsa
            ? new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(subject, (ECDsa)key, HashAlgorithmName.SHA256);
        if (shape.IsAuthority is { } authority)
        {
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(authority, shape.PathLength is not null, shape.PathLength ?? 0, true));
        }

        if (shape.Usage is { } usage)
        {
            request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, true));
        }

        if (shape.Purposes is { } purposes)
        {
            var oids = new OidCollection();
            Array.ForEach(purposes, oid => oids.Add(new Oid(oid)));
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(oids, false));
        }

        if (shape.Extra is { } extra)
        {
            request.CertificateExtensions.Add(extra);
        }

        byte[] serial = [.. BitConverter.GetBytes(Interlocked.Increment(ref s_serial)).Reverse().SkipWhile(each => each == 0)];
        using X509Certificate2 made = request.Create(
            issuer?.Name ?? subject, Generator(issuer?.Key ?? key), shape.NotBefore, shape.NotAfter, serial);
        return new TestAuthority(made.RawData, key, subject, serial);
    }

    private static X509SignatureGenerator Generator(AsymmetricAlgorithm key) =>
        key is RSA rsa ? X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1) : X509SignatureGenerator.CreateForECDsa((ECDsa)key);

    internal sealed record Shape
    {
        public static readonly Shape Authority = new() { IsAuthority = true, Usage = X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign };
        public static readonly Shape Leaf = new() { IsAuthority = false, Usage = X509KeyUsageFlags.DigitalSignature, Purposes = [CodeSigning] };

        public bool? IsAuthority { get; init; }

        public int? PathLength { get; init; }

        public X509KeyUsageFlags? Usage { get; init; }

        public string[]? Purposes { get; init; }

        public X509Extension? Extra { get; init; }

        public DateTimeOffset NotBefore { get; init; } = Now.AddYears(-1);

        public DateTimeOffset NotAfter { get; init; } = Now.AddYears(1);

        public Shape Expired() => this with { NotBefore = Now.AddYears(-1), NotAfter = Now.AddDays(-1) };

        public Shape Future() => this with { NotBefore = Now.AddDays(1), NotAfter = Now.AddYears(1) };
    }
}
