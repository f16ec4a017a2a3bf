using System.Runtime.Versioning;
using EdgeDaemon.Ctl;
using EdgeDaemon.Ctl.Keys;
using EdgeDaemon.Tests.Posix.Files;

namespace EdgeDaemon.Tests.Ctl.Keys;

[TestClass]
[SupportedOSPlatform("linux")]
public sealed class Pkcs11UriTests
{
    [TestMethod]
    [DataRow("pkcs11:token=t;object=o", "pkcs11:token=t;object=o;type=private")]
    [DataRow("PKCS11:object=a%20b", "pkcs11:object=a%20b;type=private")]
    [DataRow("pkcs11:object=o;type=public", "pkcs11:object=o;type=private")]
    [DataRow("pkcs11:object=o?module-name=x", "pkcs11:object=o;type=private?module-name=x")]
    public void The_private_key_of_the_name_is_asked_for(string uri, string asked)
    {
        Assert.IsTrue(Pkcs11Uri.Is(uri));
        Assert.AreEqual(asked, Pkcs11Uri.Parse(uri).WithPin(null).ToString());
    }

    [TestMethod]
    [DataRow("pkcs11:")]
    [DataRow("pkcs11:?module-name=x")]
    [DataRow("pkcs11:object")]
    [DataRow("pkcs11:=x")]
    [DataRow("pkcs11:object=a b")]
    [DataRow("pkcs11:object=\u00fc")]
    public void What_is_no_uri_is_a_usage_error(string uri) =>
        Assert.AreEqual(ExitCode.Usage, Assert.ThrowsExactly<CtlException>(() => Pkcs11Uri.Parse(uri)).Code);

    [TestMethod]
    [DataRow("pkcs11:object=o?pin-value=1234")]
    [DataRow("pkcs11:object=o?module-name=x&pin-value=1234")]
    [DataRow("pkcs11:pin-value=1234;object=o")]
    public void A_pin_in_it_is_refused_and_not_repeated(string uri)
    {
        CtlException error = Assert.ThrowsExactly<CtlException>(() => Pkcs11Uri.Parse(uri));
        StringAssert.Contains(error.Message, "--passphrase-file");
        Assert.IsFalse(error.Message.Contains("1234", StringComparison.Ordinal));
    }

    [TestMethod]
    public void The_pins_file_is_checked_as_a_secret_and_only_its_place_is_passed_on()
    {
        using var tree = new TestTree();
        string pin = tree.Add("a pin;&", "1234\n");
        File.SetUnixFileMode(pin, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        string escaped = $"pin-source=file:{tree.Root}/a%20pin%3B%26";
        foreach (Pkcs11Uri uri in (Pkcs11Uri[])[Pkcs11Uri.Parse("pkcs11:object=o").WithPin(pin), Pkcs11Uri.Parse($"pkcs11:object=o?{escaped}").WithPin(null)])
        {
            Assert.AreEqual($"pkcs11:object=o;type=private?{escaped}", uri.ToString());
            Assert.IsFalse(uri.Shown.Contains("pin", StringComparison.Ordinal));
        }

        Assert.AreEqual(ExitCode.Usage, Assert.ThrowsExactly<CtlException>(() => Pkcs11Uri.Parse($"pkcs11:object=o?{escaped}").WithPin(pin)).Code);
        File.SetUnixFileMode(pin, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        StringAssert.Contains(Assert.ThrowsExactly<CtlException>(() => Pkcs11Uri.Parse("pkcs11:object=o").WithPin(pin)).Message, "chmod 600");
        StringAssert.Contains(Assert.ThrowsExactly<CtlException>(() => Pkcs11Uri.Parse($"pkcs11:object=o?{escaped}").WithPin(null)).Message, "chmod 600");
    }

    [TestMethod]
    [DataRow("%7Cid", DisplayName = "a command")]
    [DataRow("file:pin", DisplayName = "a relative path")]
    [DataRow("https://example.com/pin")]
    public void A_pin_source_that_is_no_file_is_refused(string source) =>
        Assert.AreEqual(ExitCode.Usage, Assert.ThrowsExactly<CtlException>(() => Pkcs11Uri.Parse($"pkcs11:object=o?pin-source={source}").WithPin(null)).Code);

    [TestMethod]
    [DataRow("release.key")]
    [DataRow("./pkcs11:object=o")]
    [DataRow("/pkcs11:x")]
    public void A_path_is_no_uri(string path) => Assert.IsFalse(Pkcs11Uri.Is(path));
}
