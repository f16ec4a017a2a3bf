using System.Text;
using EdgeDaemon.Admission;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Identity;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeDaemon.Tests.Admission;

[TestClass]
public sealed class ConnectionAdmissionTests
{
    private static readonly Caller First = Caller.OfUser(1001, []);
    private static readonly Caller Second = Caller.OfUser(1002, []);
    private static readonly Caller Stranger = Caller.OfUser(9, []);

    [TestMethod]
    public void Whoever_takes_all_he_can_leaves_the_others_theirs()
    {
        ConnectionAdmission connections = Make(40, "", "");
        ConnectionPlace[] flood = [.. Take(connections, First)];
        Assert.HasCount(30, flood);
        Assert.IsEmpty(Take(connections, Stranger), "strangers have the common half alone");
        Assert.IsEmpty(Take(connections, null), "and so has whoever is not known yet");
        Assert.HasCount(10, Take(connections, Second).ToArray());
        flood[0].Leave();
        flood[0].Leave();
        Assert.HasCount(1, Take(connections, Stranger).ToArray());
        Assert.AreEqual(40, connections.Places.HeldByAll);
    }

    [TestMethod]
    public void A_tenants_own_limit_holds_for_its_callers_together()
    {
        ConnectionAdmission connections = Make(100, "max_connections = 3", "");
        ConnectionPlace[] three = [.. Take(connections, First)];
        Assert.HasCount(3, three);
        three[1].Leave();
        Assert.IsNotNull(connections.TryEnter(First));
        Assert.IsNull(connections.TryEnter(First));
        Assert.IsNotNull(connections.TryEnter(Second));
    }

    [TestMethod]
    public void Who_proves_his_name_later_gives_his_place_in_the_common_half_to_others()
    {
        ConnectionAdmission connections = Make(8, "", "");
        ConnectionPlace[] unknown = [.. Take(connections, null)];
        Assert.HasCount(4, unknown);
        Assert.IsTrue(unknown[0].TryIdentify(First));
        Assert.IsTrue(unknown[1].TryIdentify(Second));
        Assert.HasCount(2, Take(connections, null).ToArray());
        Assert.AreSame(First, unknown[0].Caller);
        foreach (ConnectionPlace place in unknown)
        {
            place.Leave();
        }

        Assert.AreEqual(2, connections.Places.HeldByAll);
    }

    /// <summary>A tenant has taken all that everybody may have: who has yet to prove himself has places of his own, for otherwise the part that is kept for him were nobody's.</summary>
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Places_are_kept_for_who_has_yet_to_prove_himself(bool provesLater)
    {
        ConnectionAdmission connections = Make(40, provesLater, "", "");
        int floods = Take(connections, First).Count();
        ConnectionPlace[] unknown = [.. Take(connections, null)];
        Assert.HasCount(provesLater ? 10 : 0, unknown);
        if (!provesLater)
        {
            return;
        }

        Assert.AreEqual(22, floods, "of the thirty that are left: the common half, and its own");
        Assert.IsFalse(unknown[0].TryIdentify(First), "it has no more than its part by this way either");
        Assert.IsTrue(unknown[1].TryIdentify(Second));
        Assert.HasCount(1, Take(connections, null).ToArray(), "the place is the next one's");
        unknown[0].Leave();
        unknown[0].Leave();
        Assert.HasCount(1, Take(connections, null).ToArray(), "and comes back once");
        unknown[1].Leave();
        Assert.AreEqual(22, connections.Places.HeldByAll);
    }

    [TestMethod]
    public void Silent_connections_do_not_shut_out_who_has_no_tenant()
    {
        ConnectionAdmission connections = Make(64, true, "", "");
        for (int i = 0; i < 12; i++)
        {
            Assert.IsNotNull(connections.TryEnter(null));
        }

        ConnectionPlace[] strangers = [.. Take(connections, Stranger)];
        Assert.HasCount(6, strangers, "an eighth of the places that tenants have");
        strangers[0].Leave();
        Assert.HasCount(1, Take(connections, Stranger).ToArray());
        Assert.IsTrue(connections.TryEnter(null)!.TryIdentify(First), "control: tenants have theirs");
    }

    [TestMethod]
    public void A_caller_that_is_put_outside_loses_its_connections_and_gets_no_new_ones()
    {
        ConnectionAdmission connections = Make(10, "", "");
        var one = new TestConnection();
        var other = new TestConnection();
        var control = new TestConnection();
        ConnectionPlace mine = connections.TryEnter(First)!;
        Assert.IsTrue(mine.TryAttach(one));
        Assert.IsTrue(connections.TryEnter(Second)!.TryAttach(other));
        ConnectionPlace greeting = connections.TryEnter(First)!;
        Assert.IsTrue(connections.TryEnter(First, forOperators: true)!.TryAttach(control));
        for (int i = 0; i < 50; i++)
        {
            connections.BlameConnection(one.ConnectionId, "no HTTP");
        }

        Assert.IsTrue(one.Aborted);
        Assert.IsFalse(other.Aborted || control.Aborted, "others' connections, and the operators' door, stay");
        Assert.IsNull(connections.TryEnter(First));
        Assert.IsFalse(greeting.TryAttach(new TestConnection()), "what was about to be let in");
        Assert.IsNotNull(connections.TryEnter(First, forOperators: true));
        Assert.IsNotNull(connections.TryEnter(Second));
    }

    private static IEnumerable<ConnectionPlace> Take(ConnectionAdmission connections, Caller? caller)
    {
        while (connections.TryEnter(caller) is { } place)
        {
            yield return place;
        }
    }

    private static ConnectionAdmission Make(int most, params string[] extras) => Make(most, false, extras);

    private static ConnectionAdmission Make(int most, bool provesLater, params string[] extras)
    {
        var tenants = new TestTenants(extras);
        EdgedSettings settings = EdgedSettings.Parse(Encoding.UTF8.GetBytes($"format = 1\n[limits]\nmax_connections = {most}"), "t");
        var penalties = new PenaltyBox(settings.Penalty, TimeProvider.System, NullLogger.Instance);
        var connections = new ConnectionAdmission(new TenantAccounts(tenants.Directory, settings.Limits), settings.Limits, penalties, provesLater);
        penalties.Entered = connections.Close;
        return connections;
    }

    private sealed class TestConnection : DefaultConnectionContext
    {
        public TestConnection()
            : base(Guid.NewGuid().ToString())
        {
        }

        public bool Aborted { get; private set; }

        public override void Abort(ConnectionAbortedException abortReason) => Aborted = true;
    }
}
