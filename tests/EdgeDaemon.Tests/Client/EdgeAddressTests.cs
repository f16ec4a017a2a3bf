using System.Security.Cryptography.X509Certificates;
using EdgeDaemon.Client;

namespace EdgeDaemon.Tests.Client;

[TestClass]
public sealed class EdgeAddressTests
{
    [TestMethod]
    [DataRow("/run/edged/edged.sock", "/run/edged/edged.sock")]
    [DataRow("unix:/run/edged/edged.sock", "/run/edged/edged.sock")]
    [DataRow("edged.sock", "edged.sock")]
    public void A_path_is_a_socket(string text, string path) => Assert.AreEqual(path, EdgeAddress.Parse(text).ToString());

    [TestMethod]
    [DataRow("https://camera-7:8443", "https://camera-7:8443")]
    [DataRow("https://10.0.0.7:8443/", "https://10.0.0.7:8443")]
    [DataRow("https://camera-7", "https://camera-7:443")]
    public void Https_needs_someone_to_trust(string text, string address)
    {
        using var identity = new TestIdentity();
        Assert.AreEqual(address, EdgeAddress.Parse(text, new EdgeTls([identity.Root])).ToString());
        Assert.ThrowsExactly<FormatException>(() => EdgeAddress.Parse(text));
        Assert.ThrowsExactly<ArgumentException>(() => EdgeAddress.Parse(text, new EdgeTls(new X509Certificate2Collection())));
    }

    [TestMethod]
    [DataRow("http://camera-7:8000")]
    [DataRow("https://camera-7:8443/v2")]
    [DataRow("https://me@camera-7:8443")]
    [DataRow("https://camera-7:8443?x")]
    [DataRow("https://camera-7:99999")]
    [DataRow("https://")]
    public void What_is_no_address_is_refused(string text)
    {
        using var identity = new TestIdentity();
        Assert.ThrowsExactly<FormatException>(() => EdgeAddress.Parse(text, new EdgeTls([identity.Root])));
    }

    [TestMethod]
    public void Tls_settings_for_a_socket_are_a_mistake_and_not_ignored()
    {
        using var identity = new TestIdentity();
        Assert.ThrowsExactly<FormatException>(() => EdgeAddress.Parse("/run/edged/edged.sock", new EdgeTls([identity.Root])));
    }
}
