using System.Text;
using EdgeDaemon.Listeners;

namespace EdgeDaemon.Tests.Listeners;

/// <summary>What is left of an authority: a plain name and port, or nothing. What the server does with it, the published daemon's tests show.</summary>
[TestClass]
public sealed class UnreadAuthorityTests
{
    [TestMethod]
    [DataRow("edged")]
    [DataRow("localhost:8001")]
    [DataRow("run_edged.sock-1")]
    [DataRow("127.0.0.1:65535")]
    public void PlainName_IsReadAsItStands(string authority) => Assert.AreEqual(authority, Read(Encoding.UTF8.GetBytes(authority)));

    [TestMethod]
    [DataRow("/run/edged/edged.sock")]
    [DataRow("%2Frun%2Fedged.sock")]
    [DataRow("unix:/run/edged.sock")]
    [DataRow("a b")]
    [DataRow("user@host")]
    [DataRow("host:")]
    [DataRow("host:123456")]
    [DataRow("host:1:2")]
    [DataRow("[::1]:80")]
    [DataRow("ä")]
    [DataRow("a\0b")]
    [DataRow("")]
    public void EverythingElse_IsNothing(string authority) => Assert.AreEqual("", Read(Encoding.UTF8.GetBytes(authority)));

    [TestMethod]
    [DataRow("host")]
    [DataRow("Host")]
    [DataRow("inference-header-content-length")]
    [DataRow(":path")]
    public void OtherHeaders_AreTheServers(string header) => Assert.IsNull(UnreadAuthority.For(header));

    private static string Read(byte[] bytes) => UnreadAuthority.For(":authority")!.GetString(bytes.AsSpan());
}
