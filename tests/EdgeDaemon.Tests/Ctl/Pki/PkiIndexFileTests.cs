using System.Security.Cryptography.X509Certificates;
using System.Text;
using EdgeDaemon.Core.Toml;
using EdgeDaemon.Ctl.Pki;

namespace EdgeDaemon.Tests.Ctl.Pki;

[TestClass]
public sealed class PkiIndexFileTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 8, 0, 0, TimeSpan.Zero);

    private static readonly PkiIndex Some = new PkiIndex(7, [])
        .With(Issued("1f", "alice \"the\" \\ signer", "email:alice@example.com", "uri:spiffe://example.com/a"))
        .With(Issued("a0", "bob"))
        .Revoke("a0", new RevocationEntry(Now, X509RevocationReason.KeyCompromise));

    [TestMethod]
    public void What_is_written_reads_back_and_writes_the_same_bytes()
    {
        foreach (PkiIndex index in (PkiIndex[])[PkiIndex.Empty, Some])
        {
            byte[] bytes = PkiIndexFile.Write(index);
            PkiIndex again = PkiIndexFile.Parse(bytes, "index.toml");
            CollectionAssert.AreEqual(bytes, PkiIndexFile.Write(again));
            Assert.AreEqual(index.CrlNumber, again.CrlNumber);
            Assert.AreEqual(index.Certificates.Length, again.Certificates.Length);
        }

        IssuedCertificate bob = PkiIndexFile.Parse(PkiIndexFile.Write(Some), "index.toml").Find("a0")!;
        Assert.AreEqual(new RevocationEntry(Now, X509RevocationReason.KeyCompromise), bob.Revocation);
    }

    [TestMethod]
    public void Torn_anywhere_it_is_refused_with_its_place()
    {
        byte[] good = PkiIndexFile.Write(Some);
        for (int length = 0; length < good.Length; length++)
        {
            Exception error = Assert.Throws<Exception>(() => PkiIndexFile.Parse(good.AsSpan(0, length), "ca/index.toml"), $"torn after {length} bytes");
            Assert.IsTrue(error is TomlException or TomlInvalidException, error.ToString());
            StringAssert.Matches(error.Message, new(@"^ca/index\.toml:\d+:\d+: "));
        }
    }

    [TestMethod]
    public void Edited_anywhere_it_is_refused()
    {
        byte[] good = PkiIndexFile.Write(Some);
        for (int at = 0; at < good.Length; at++)
        {
            byte[] edited = [.. good];
            edited[at] ^= 1;
            Assert.Throws<Exception>(() => PkiIndexFile.Parse(edited, "index.toml"), $"byte {at}");
        }

        Assert.Throws<TomlInvalidException>(() => PkiIndexFile.Parse([.. good, .. "\n"u8], "index.toml"));

        // The edit that pays: the revocation goes, and what is left is TOML and complete.
        string text = Encoding.UTF8.GetString(good);
        string without = text[..text.IndexOf("revoked = ", StringComparison.Ordinal)] + text[text.IndexOf("# sha256", StringComparison.Ordinal)..];
        StringAssert.Contains(Assert.ThrowsExactly<TomlInvalidException>(() => PkiIndexFile.Parse(Encoding.UTF8.GetBytes(without), "index.toml")).Message, "torn or was edited");
    }

    [TestMethod]
    [DataRow("crl_number = 7", "crl_number = -1", "crl_number")]
    [DataRow("serial = \"1f\"", "serial = \"a0\"", "twice")]
    [DataRow("serial = \"1f\"", "serial = \"01f\"", "leading zero")]
    [DataRow("serial = \"1f\"", "serial = \"1F\"", "hex")]
    [DataRow("use = \"signer\"", "use = \"both\"", "both")]
    [DataRow("use = \"signer\"", "user = \"signer\"", "did you mean")]
    [DataRow("format = 1", "format = 2", "reads format 1")]
    [DataRow("reason = \"key-compromise\"", "reason = \"whim\"", "whim")]
    public void Sealed_nonsense_is_refused_with_its_place(string from, string to, string why)
    {
        string text = Encoding.UTF8.GetString(PkiIndexFile.Write(Some));
        StringAssert.Contains(text, from);
        string body = text[..text.IndexOf("# sha256", StringComparison.Ordinal)].Replace(from, to, StringComparison.Ordinal);
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        string seal = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));
        var error = Assert.ThrowsExactly<TomlInvalidException>(() => PkiIndexFile.Parse(Encoding.UTF8.GetBytes($"{body}# sha256 {seal}\n"), "index.toml"));
        StringAssert.Contains(error.Message, why);
        StringAssert.Matches(error.Message, new(@"^index\.toml:\d+:\d+: "));
    }

    private static IssuedCertificate Issued(string serial, string name, params string[] names) => new()
    {
        Serial = serial,
        Use = PkiUse.Signer,
        Name = name,
        AlternativeNames = [.. names],
        NotBefore = Now,
        NotAfter = Now.AddDays(1),
        SpkiDigest = new string('e', 64),
    };
}
