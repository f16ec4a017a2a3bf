using EdgeDaemon.Control;
using EdgeDaemon.Identity;

namespace EdgeDaemon.Tests.Control;

[TestClass]
public sealed class ControlRoutesTests
{
    [TestMethod]
    public void Every_action_has_exactly_one_route_and_each_asks_for_a_role()
    {
        CollectionAssert.AreEquivalent(Enum.GetValues<ControlAction>(), ControlRoutes.All.Select(route => route.Action).ToArray());
        foreach (ControlRoute route in ControlRoutes.All)
        {
            Assert.IsTrue(route.Access is Access.Observe or Access.Admin, $"{route}");
            Assert.AreEqual(route.Method != "GET", route.Access == Access.Admin, $"{route}: whoever only looks changes nothing");
        }
    }

    [TestMethod]
    public void Each_route_is_found_by_its_own_path_and_method()
    {
        foreach (ControlRoute route in ControlRoutes.All)
        {
            string path = route.Path.Replace("{name}", "unix%3A1000", StringComparison.Ordinal);
            Assert.AreSame(route, ControlRoutes.Find(route.Method, path, out string name, out string allowed));
            Assert.AreEqual(route.Path.Contains("{name}", StringComparison.Ordinal) ? "unix:1000" : "", name);
            Assert.AreEqual("", allowed);
            Assert.IsNull(ControlRoutes.Find("PATCH", path, out _, out allowed));
            StringAssert.Contains(allowed, route.Method, StringComparison.Ordinal);
        }
    }

    [TestMethod]
    [DataRow("/control/penalties/cert%3Aspiffe%3A%2F%2Fplant.example%2Fcamera%2F1", "cert:spiffe://plant.example/camera/1")]
    [DataRow("/control/penalties/from%3A2001%3Adb8%3A%3A%2F64", "from:2001:db8::/64")]
    [DataRow("/control/penalties/%2541", "%41")]
    public void A_name_is_decoded_once(string path, string expected)
    {
        Assert.AreEqual(ControlAction.LiftPenalty, ControlRoutes.Find("DELETE", path, out string name, out _)!.Action);
        Assert.AreEqual(expected, name);
    }

    [TestMethod]
    [DataRow("/control")]
    [DataRow("/control/")]
    [DataRow("/control/status/")]
    [DataRow("//control/status")]
    [DataRow("/control//status")]
    [DataRow("/Control/status")]
    [DataRow("/control/%73tatus")]
    [DataRow("/control/./status")]
    [DataRow("/control/models/")]
    [DataRow("/control/models/a/b")]
    [DataRow("/control/penalties/a/lift")]
    [DataRow("/metrics/")]
    [DataRow("http://edged/control/status")]
    [DataRow("*")]
    [DataRow("")]
    public void Another_way_of_writing_a_path_is_another_path(string path)
    {
        foreach (string method in new[] { "GET", "POST", "PUT", "DELETE" })
        {
            Assert.IsNull(ControlRoutes.Find(method, path, out _, out string allowed));
            Assert.AreEqual("", allowed);
        }
    }
}
