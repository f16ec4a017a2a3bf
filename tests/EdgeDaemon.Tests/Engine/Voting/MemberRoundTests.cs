using System.Collections.Concurrent;
using EdgeDaemon.Engine.Voting;
using EdgeDaemon.Tests.Posix;

namespace EdgeDaemon.Tests.Engine.Voting;

[TestClass]
public sealed class MemberRoundTests
{
    [TestMethod]
    public void Each_member_runs_once_and_all_have_ended_when_the_round_has()
    {
        using var threads = new MemberThreads(4);
        int[] runs = new int[7];
        int running = 0;
        var hands = new ConcurrentDictionary<int, bool>();
        using var round = new MemberRound(7, member =>
        {
            Interlocked.Increment(ref running);
            hands[Environment.CurrentManagedThreadId] = true;
            Thread.SpinWait(2000);
            Interlocked.Increment(ref runs[member]);
            Interlocked.Decrement(ref running);
            return true;
        });
        for (int i = 1; i <= 2000; i++)
        {
            round.RunTogether([6, 5, 4, 3, 2, 1, 0], threads);
            Assert.AreEqual(0, Volatile.Read(ref running), "the round ended before its members");
            CollectionAssert.AreEqual(Enumerable.Repeat(i, 7).ToArray(), runs);
        }

        Assert.IsGreaterThan(1, hands.Count, "nobody helped in 2000 rounds");
    }

    [TestMethod]
    public void Two_members_run_at_the_same_time()
    {
        using var threads = new MemberThreads(2);
        using var both = new Barrier(2);
        int met = 0;
        using var round = new MemberRound(2, _ =>
        {
            Interlocked.Add(ref met, both.SignalAndWait(TimeSpan.FromSeconds(30)) ? 1 : 0);
            return true;
        });
        threads.Begin();
        round.RunTogether([0, 1], threads);
        threads.End();
        Assert.AreEqual(2, met);
    }

    /// <summary>A helper sleeps between rounds: what a member left on its stack is gone by then. (That the search finds it otherwise: ThreadStackTests.)</summary>
    [TestMethod]
    public void A_helper_has_nothing_left_when_it_sleeps()
    {
        int own = Environment.CurrentManagedThreadId;
        using var both = new Barrier(2);
        LeftOnStack left = new();
        using var round = new MemberRound(2, _ =>
        {
            both.SignalAndWait(TimeSpan.FromSeconds(30));
            if (Environment.CurrentManagedThreadId != own)
            {
                left.Leave();
            }

            return true;
        });
        for (int i = 0; i < 5; i++)
        {
            left = new LeftOnStack();
            using var threads = new MemberThreads(2); // Its helper is idle for certain.
            threads.Begin();
            round.RunTogether([0, 1], threads);
            threads.End();
            Assert.IsTrue(left.IsLeft);
            Assert.IsTrue(SpinWait.SpinUntil(() => left.Count() == 0, TimeSpan.FromSeconds(20)), left.ToString());
        }
    }

    [TestMethod]
    public void Nobody_helps_while_every_core_has_a_request()
    {
        using var threads = new MemberThreads(2);
        int own = Environment.CurrentManagedThreadId;
        int others = 0;
        using var round = new MemberRound(3, _ =>
        {
            Interlocked.Add(ref others, Environment.CurrentManagedThreadId == own ? 0 : 1);
            return true;
        });
        threads.Begin();
        threads.Begin();
        for (int i = 0; i < 200; i++)
        {
            round.RunTogether([0, 1, 2], threads);
        }

        Assert.AreEqual(0, others);
        threads.End();
        Assert.IsTrue(threads.TryHelp(round), "a core is idle again");
    }

    [TestMethod]
    public void One_core_is_never_helped()
    {
        using var threads = new MemberThreads(1);
        using var round = new MemberRound(2, _ => true);
        Assert.IsFalse(threads.TryHelp(round), "there is no thread beside the request's own");
        threads.Begin();
        Assert.IsFalse(threads.TryHelp(round));
        round.RunTogether([0, 1], threads);
        threads.End();
    }

    [TestMethod]
    public void A_member_that_decides_the_request_keeps_the_rest_from_running()
    {
        var ran = new List<int>();
        using var threads = new MemberThreads(1);
        using var round = new MemberRound(4, member =>
        {
            ran.Add(member);
            return member != 2;
        });
        round.RunAlone([0, 2, 1, 3]);
        CollectionAssert.AreEqual((int[])[0, 2], ran);
        ran.Clear();
        round.RunTogether([3, 2, 1, 0], threads);
        CollectionAssert.AreEqual((int[])[3, 2], ran);
    }
}
