using System.Text;
using System.Text.RegularExpressions;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Identity;

namespace EdgeDaemon.Tests.Identity;

/// <summary>Which entry counts, as Configuration/README.md says it under [[tenant]]. The file names one tenant after the entry that should win.</summary>
[TestClass]
public sealed class TenantTableTests
{
    private const string Key = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    private const string OtherKey = "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    private const string Users = "root:x:0:0::/:/bin/sh\ncamera:x:1001:44::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n";
    private const string Groups = "video:x:44:\nusers:x:100:camera\n";

    private static readonly string File = $"""
        format = 1
        tenant = [
          {Entry("self", "self")},
          {Entry("number", "unix:1000")},
          {Entry("name", "unix:camera")},
          {Entry("video", "unix-group:video")},
          {Entry("users", "unix-group:100")},
          {Entry("key", "cert:sha256:" + Key)},
          {Entry("uri", "cert:spiffe://plant.example/camera/1")},
          {Entry("short", "cert:spiffe://plant.example/camera/*")},
          {Entry("long", "cert:spiffe://plant.example/camera/left/*")},
          {Entry("dns", "cert:dns:camera-1.plant.example")},
          {Entry("label", "cert:dns:*.plant.example")},
        ]
        """;

    [TestMethod]
    [DataRow("self", 990u, "")] // Who runs the daemon.
    [DataRow("number", 1000u, "")]
    [DataRow("name", 1001u, "")]
    [DataRow("number", 1000u, "44,100")] // A user before a group.
    [DataRow("name", 1001u, "44")]
    [DataRow("video", 2000u, "44")]
    [DataRow("users", 2000u, "100")]
    [DataRow("video", 2000u, "100,44")] // The first of the file, not of the caller.
    [DataRow("video", 2000u, "44,100")]
    [DataRow(null, 2000u, "")]
    [DataRow(null, 2000u, "45,1000,0")]
    [DataRow(null, 0u, "0")] // Root is nobody special where tenants are written.
    [DataRow(null, 44u, "")] // A group's number is no user's.
    [DataRow(null, 65534u, "44")] // Everybody whom the kernel cannot name here.
    public void User(string? tenant, uint user, string groups)
    {
        Caller caller = Caller.OfUser(user, [.. groups.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(uint.Parse)]);
        Assert.AreEqual(tenant, Find(caller));
    }

    [TestMethod]
    [DataRow("uri", "spiffe://plant.example/camera/1", null)]
    [DataRow("short", "spiffe://plant.example/camera/2", null)]
    [DataRow("short", "spiffe://plant.example/camera/1/2", null)]
    [DataRow("short", "spiffe://plant.example/camera/left", null)]
    [DataRow("long", "spiffe://plant.example/camera/left/1", null)] // The longest pattern first, whatever the order of the file.
    [DataRow(null, "spiffe://plant.example/camera", null)]
    [DataRow(null, "spiffe://plant.example/camera/", null)] // Nothing is behind the slash.
    [DataRow(null, "spiffe://plant.example/cameras/1", null)]
    [DataRow(null, "spiffe://plant.example/Camera/1", null)] // No letter stands for another.
    [DataRow(null, "xspiffe://plant.example/camera/1", null)]
    [DataRow(null, "spiffe://other.example/camera/1", null)]
    [DataRow("dns", null, "camera-1.plant.example")] // A name before a pattern.
    [DataRow("label", null, "camera-2.plant.example")]
    [DataRow(null, null, "plant.example")]
    [DataRow(null, null, ".plant.example")]
    [DataRow(null, null, "a.b.plant.example")] // One label.
    [DataRow(null, null, "xplant.example")]
    [DataRow(null, null, "camera-1.plant.example.")]
    [DataRow(null, "camera-1.plant.example", null)] // A DNS name among the URIs is none.
    [DataRow(null, null, "spiffe://plant.example/camera/1")]
    [DataRow(null, null, null)]
    public void Certificate(string? tenant, string? uri, string? dns) =>
        Assert.AreEqual(tenant, Find(Caller.OfCertificate(uri, dns, OtherKey, new byte[32], DateTimeOffset.MaxValue)));

    [TestMethod]
    public void A_key_comes_before_every_name() =>
        Assert.AreEqual("key", Find(Caller.OfCertificate("spiffe://plant.example/camera/1", "camera-1.plant.example", Key, new byte[32], DateTimeOffset.MaxValue)));

    [TestMethod]
    public void A_users_number_is_no_certificates_name() =>
        Assert.IsNull(Find(Caller.OfCertificate("unix://1000", null, OtherKey, new byte[32], DateTimeOffset.MaxValue)));

    [TestMethod]
    [DataRow("unix:ghost", "[[tenant]] 'a': \"unix:ghost\": there is no user 'ghost' in ")]
    [DataRow("unix-group:ghost", "[[tenant]] 'a': \"unix-group:ghost\": there is no group 'ghost' in ")]
    [DataRow("unix-group:camera", "[[tenant]] 'a': \"unix-group:camera\": there is no group 'camera' in ")] // A user's name is no group's.
    [DataRow("unix:1001", "[[tenant]] 'b': \"unix:camera\": is user 1001, who belongs to tenant 'a' already")]
    [DataRow("unix:990", "[[tenant]] 'c': \"self\": is user 990, who belongs to tenant 'a' already")]
    [DataRow("unix:nobody", "[[tenant]] 'a': \"unix:nobody\": is number 65534, which the kernel shows for everybody")]
    [DataRow("unix-group:65534", "[[tenant]] 'a': \"unix-group:65534\": is number 65534, which the kernel shows for everybody")]
    public void A_caller_who_cannot_be_told_apart_refuses_the_file(string caller, string message)
    {
        using var accounts = new TestAccounts(Users, Groups);
        EdgedSettings settings = Parse($"format = 1\ntenant = [{Entry("a", caller)}, {Entry("b", "unix:camera")}, {Entry("c", "self")}]");
        StringAssert.Matches(
            Assert.ThrowsExactly<AccountUnknownException>(() => new TenantDirectory(settings.Tenants, accounts.Files)).Message, new($"^edged\\.toml:2:[0-9]+: {Regex.Escape(message)}"));
    }

    internal static EdgedSettings Parse(string text) => EdgedSettings.Parse(Encoding.UTF8.GetBytes(text), "edged.toml");

    internal static string Entry(string name, string caller, string more = "") =>
        $"{{ name = \"{name}\", callers = [\"{caller}\"], roles = [\"infer\"], models = [\"*\"]{more} }}";

    private static string? Find(Caller caller)
    {
        using var accounts = new TestAccounts(Users, Groups);
        return new TenantDirectory(Parse(File).Tenants, accounts.Files).Now.Find(caller)?.Name;
    }
}
