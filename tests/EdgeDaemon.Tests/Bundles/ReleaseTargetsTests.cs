using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Tests.Bundles;

[TestClass]
public sealed class ReleaseTargetsTests
{
    private static readonly DeviceIdentity Device = new("north", "camera", "c-7", new Version(1, 4, 0));

    [TestMethod]
    public void Without_targets_any_device_will_do() => Assert.IsNull(new ReleaseTargets(null, null, null, null).Fault(new DeviceIdentity(null, null, null, new Version(0, 0, 0))));

    [TestMethod]
    public void Every_list_that_is_there_must_name_the_device()
    {
        Assert.IsNull(new ReleaseTargets(["south", "north"], ["camera"], ["c-7"], new Version(1, 4, 0)).Fault(Device));
        StringAssert.Contains(new ReleaseTargets(["south"], ["camera"], null, null).Fault(Device), "fleet 'south', this device's is 'north'", StringComparison.Ordinal);
        StringAssert.Contains(new ReleaseTargets(null, ["Camera"], null, null).Fault(Device), "class 'Camera'", StringComparison.Ordinal);
        StringAssert.Contains(new ReleaseTargets(null, null, ["c-70"], null).Fault(Device), "id 'c-70'", StringComparison.Ordinal);
        StringAssert.Contains(new ReleaseTargets(["north"], null, null, null).Fault(Device with { Fleet = null }), "is not set", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Versions_are_compared_as_numbers()
    {
        Assert.IsNull(new ReleaseTargets(null, null, null, new Version(1, 3, 99)).Fault(Device));
        StringAssert.Contains(new ReleaseTargets(null, null, null, new Version(1, 10, 0)).Fault(Device), "needs edged 1.10.0 or newer, this is 1.4.0", StringComparison.Ordinal);
    }
}
