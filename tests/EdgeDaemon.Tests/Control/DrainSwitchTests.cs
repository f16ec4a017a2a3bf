using System.Net.Sockets;
using System.Text;
using EdgeDaemon.Admission;
using EdgeDaemon.Control;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Listeners;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Tests.Admission;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeDaemon.Tests.Control;

[TestClass]
public sealed class DrainSwitchTests
{
    [TestMethod]
    public async Task The_doors_close_even_if_one_who_waits_for_the_drain_fails()
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("drain-").FullName, "s");
        EdgedSettings settings = EdgedSettings.Parse(Encoding.UTF8.GetBytes($"format = 1\nlisten = [{{ name = \"a\", unix = \"{path}\", exposes = [\"inference\"] }}]"), "t");
        using var pool = new TensorBlockPool(1 << 20);
        var admission = new RequestAdmission(pool, new TenantAccounts(new TestTenants("").Directory, settings.Limits), settings.Limits, settings.Engine);
        using var threads = new SocketThreads(1);
        var pause = new ListenPause();
        var transport = new SocketTransport(
            TestConnections.Unlimited(settings), new SegmentPool(), threads, InheritedSockets.None, pause, listen => new UnixGreeting(listen, settings.Limits), new SenderCheck(NullLogger.Instance), NullLogger.Instance);
        IConnectionListener listener = await transport.BindAsync(new WireEndPoint(settings.Listeners[0], Wire.Http1));
        Connect();
        using CancellationTokenRegistration failing = admission.DrainBegins.Register(() => throw new InvalidOperationException("it fails"));
        var drain = new DrainSwitch(admission, pause, NullLogger.Instance);
        Assert.ThrowsExactly<AggregateException>(drain.Begin);
        Assert.IsTrue(drain.Draining);
        Assert.ThrowsExactly<SocketException>(Connect);
        drain.End();
        Connect();
        await listener.UnbindAsync();

        void Connect()
        {
            using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            client.Connect(new UnixDomainSocketEndPoint(path));
        }
    }
}
