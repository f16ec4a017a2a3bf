using System.Runtime.Versioning;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Hosting;
using static EdgeDaemon.Tests.Listeners.TlsFixture;

namespace EdgeDaemon.Tests.Hosting;

/// <summary>Key material that is no good is told apart, each with its file and what to do, before anybody connects.</summary>
[TestClass]
[SupportedOSPlatform("linux")]
public sealed class CredentialsTests
{
    [TestMethod]
    [DataRow("server.pem", "server.key", "root.pem", "", "", "")]
    [DataRow("missing.pem", "server.key", "root.pem", "", "missing.pem", "cannot be read")]
    [DataRow("server.key", "server.key", "root.pem", "", "server.key", "not 'CERTIFICATE'")]
    [DataRow("good.pem", "good.key", "root.pem", "", "good.pem", "lacks serverAuth")]
    [DataRow("root.pem", "root.key", "root.pem", "", "root.pem", "put the server's own certificate first")]
    [DataRow("both.pem", "inner.key", "root.pem", "", "both.pem", "is an authority")]
    [DataRow("mixed.pem", "server.key", "root.pem", "", "mixed.pem", "has not issued the one before it")]
    [DataRow("server.pem", "good.key", "root.pem", "", "good.key", "must be a pair")]
    [DataRow("server.pem", "rsa2048.key", "root.pem", "", "rsa2048.key", "not a private key of the kind")]
    [DataRow("server.pem", "server.pem", "root.pem", "", "server.pem", "no private key")]
    [DataRow("server.pem", "ca.cnf", "root.pem", "", "ca.cnf", "there is no PEM block")]
    [DataRow("server.pem", "locked.key", "root.pem", "", "locked.key", "take it off")]
    [DataRow("server.pem", "open.key", "root.pem", "", "open.key", "chmod 600")]
    [DataRow("server.pem", "link.key", "root.pem", "", "link.key", "symbolic link")]
    [DataRow("server.pem", "server.key", "good.pem", "", "good.pem", "is no authority")]
    [DataRow("server.pem", "server.key", "inner.pem", "", "inner.pem", "a root is needed")]
    [DataRow("server.pem", "server.key", "innerserver.pem", "", "innerserver.pem", "lacks clientAuth")]
    [DataRow("server.pem", "server.key", "writable.pem", "", "writable.pem", "chmod go-w")]
    [DataRow("server.pem", "server.key", "root.pem", "root.crl", "", "")]
    [DataRow("server.pem", "server.key", "root.pem", "root.pem", "root.pem", "X509 CRL")]
    [DataRow("server.pem", "server.key", "root.pem", "other-empty.crl", "other-empty.crl", "whose certificate is not in client_roots")]
    [DataRow("server.pem", "server.key", "root.pem", "forged.crl", "forged.crl", "is not signed by the key")]
    public void Faults_SayWhichFile_AndWhatToDo(string certificate, string key, string roots, string list, string file, string words)
    {
        Prepare();
        List<string> faults = [], outdated = [];
        bool good = new Credentials(null).TryReadTls(Settings(certificate, key, roots, list.Length > 0 ? Lists(list) : ""), TimeProvider.System, faults, outdated, out _);
        Assert.AreEqual(words.Length == 0, good, string.Join('\n', faults));
        Assert.IsEmpty(outdated, string.Join('\n', outdated));
        Assert.HasCount(good ? 0 : 1, faults, string.Join('\n', faults));
        if (!good)
        {
            StringAssert.StartsWith(faults[0], At(file) + ": ", StringComparison.Ordinal);
            StringAssert.Contains(faults[0], words, StringComparison.Ordinal);
            Assert.IsFalse(faults[0].Contains("-----BEGIN PRIVATE KEY-----\n", StringComparison.Ordinal), "no message shows what is in a key");
        }
    }

    [TestMethod]
    public void EveryFault_IsToldAtOnce()
    {
        List<string> faults = [];
        Assert.IsFalse(new Credentials(null).TryReadTls(Settings("server.pem", "good.key", "good.pem"), TimeProvider.System, faults, [], out _));
        Assert.HasCount(2, faults);
    }

    [TestMethod]
    [DataRow("oldserver", "", "expired on 2021-01-01")]
    [DataRow("server", "root-stale.crl", "Get the newest one")]
    public void WhatTimeAloneSpoiled_IsSaid_AndStopsNothing(string server, string list, string words)
    {
        List<string> faults = [], outdated = [];
        Assert.IsTrue(new Credentials(null).TryReadTls(Settings(server + ".pem", server + ".key", more: list.Length > 0 ? Lists(list) : ""), TimeProvider.System, faults, outdated, out _));
        StringAssert.Contains(outdated.Single(), words, StringComparison.Ordinal);
    }

    [TestMethod]
    public void Credentials_AreTakenFromTheServicesDirectory_WhateverTheirMode()
    {
        string directory = Directory.CreateTempSubdirectory("credentials-").FullName;
        try
        {
            // systemd's access list shows as group permission.
            File.Copy(At("server.key"), Path.Combine(directory, "tls.key"));
            File.SetUnixFileMode(Path.Combine(directory, "tls.key"), UnixFileMode.UserRead | UnixFileMode.GroupRead);
            EdgedSettings settings = Settings(key: "credential:tls.key");
            List<string> faults = [];
            Assert.IsTrue(new Credentials(directory).TryReadTls(settings, TimeProvider.System, faults, [], out _), string.Join('\n', faults));
            Assert.IsTrue(new Credentials(directory).Reaches(settings.Listeners[0]));

            Assert.IsFalse(new Credentials(null).Reaches(settings.Listeners[0]));
            Assert.IsFalse(new Credentials(null).TryReadTls(settings, TimeProvider.System, faults, [], out _));
            StringAssert.Contains(faults.Single(), "credential:tls.key: cannot be read: the service has no credentials", StringComparison.Ordinal);
            faults.Clear();
            Assert.IsFalse(new Credentials(directory).TryReadTls(Settings(key: "credential:other"), TimeProvider.System, faults, [], out _));
            Assert.HasCount(1, faults);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static void Prepare()
    {
        lock (typeof(CredentialsTests))
        {
            if (!File.Exists(At("link.key")))
            {
                File.WriteAllText(At("mixed.pem"), File.ReadAllText(At("server.pem")) + File.ReadAllText(At("other.pem")));
                File.Copy(At("root.pem"), At("writable.pem"));
                File.SetUnixFileMode(At("writable.pem"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupWrite);

                // The name of one authority, the key of another.
                string forged = File.ReadAllText(At("root.crl"));
                byte[] der = Convert.FromBase64String(string.Concat(forged.Split('\n').Where(line => !line.StartsWith('-'))));
                der[^1] ^= 1;
                File.WriteAllBytes(At("forged.crl"), der);
                File.CreateSymbolicLink(At("link.key"), At("server.key"));
            }
        }
    }
}
