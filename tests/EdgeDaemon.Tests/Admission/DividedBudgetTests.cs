using EdgeDaemon.Admission;
using EdgeDaemon.Identity;

namespace EdgeDaemon.Tests.Admission;

[TestClass]
public sealed class DividedBudgetTests
{
    [TestMethod]
    public void Half_is_kept_by_share_and_the_rest_is_for_whoever_comes_first()
    {
        var tenants = new TestTenants("share = 3", "share = 1");
        var budget = new DividedBudget(tenants.Directory, 80, _ => true);
        Assert.AreEqual((30L, 10L), (budget.PartOf(tenants[0]), budget.PartOf(tenants[1])));
        Assert.IsTrue(budget.TryTake(tenants[0], 70), "its own 30 and the common 40");
        Assert.IsFalse(budget.TryTake(tenants[0], 1));
        Assert.IsFalse(budget.TryTake(null, 1), "a stranger has the common half alone");
        Assert.IsTrue(budget.TryTake(tenants[1], 10), "its part is there whatever the other does");
        Assert.IsFalse(budget.TryTake(tenants[1], 1));
        budget.GiveBack(tenants[0], 5);
        Assert.IsTrue(budget.TryTake(null, 5), "what is given back is the common half's first");
        Assert.AreEqual((65L, 10L, 5L, 80L), (budget.Held(tenants[0]), budget.Held(tenants[1]), budget.Held(null), budget.HeldByAll));
    }

    [TestMethod]
    public void One_tenant_alone_has_all_of_it_and_nothing_is_kept_for_who_does_not_partake()
    {
        var tenants = new TestTenants("", "");
        var budget = new DividedBudget(tenants.Directory, 7, tenant => tenant.Index == 0);
        Assert.IsFalse(budget.TryTake(tenants[1], 5), "four are common");
        Assert.IsTrue(budget.TryTake(tenants[0], 7));
        Assert.AreEqual(7, budget.HeldByAll);
    }

    [TestMethod]
    public void The_smallest_share_has_a_place_of_its_own()
    {
        var tenants = new TestTenants("share = 1000", "share = 1", "share = 1");
        var budget = new DividedBudget(tenants.Directory, 64, _ => true);
        Assert.AreEqual((30L, 1L, 1L), (budget.PartOf(tenants[0]), budget.PartOf(tenants[1]), budget.PartOf(tenants[2])));
        Assert.IsTrue(budget.TryTake(tenants[0], 62));
        Assert.IsFalse(budget.TryTake(tenants[0], 1));
        Assert.IsTrue(budget.HasRoom(tenants[1]) && budget.TryTake(tenants[1], 1) && budget.TryTake(tenants[2], 1), "whatever the other holds");
    }

    /// <summary>Whatever the shares: the parts are no more than there is, none is less than the least while there is enough, and a larger share has no smaller part.</summary>
    [TestMethod]
    public void Parts_of_random_shares_are_whole_and_none_is_nothing_while_there_is_enough()
    {
        var random = new Random(1);
        for (int round = 0; round < 200; round++)
        {
            int count = random.Next(1, 30);
            int[] shares = [.. Enumerable.Range(0, count).Select(_ => random.Next(2) == 0 ? 1 : random.Next(1, 1001))];
            var tenants = new TestTenants([.. shares.Select(share => $"share = {share}")]);
            int least = random.Next(1, 5);
            int total = random.Next(1, 200);
            var budget = new DividedBudget(tenants.Directory, total, _ => true, least);
            long[] parts = [.. Enumerable.Range(0, count).Select(index => budget.PartOf(tenants[index]))];
            Assert.IsLessThanOrEqualTo(Math.Max(total / 2, Math.Min(total, (long)count * least)), parts.Sum());
            Assert.IsGreaterThanOrEqualTo(Math.Min(least, total / count), parts.Min(), $"{total} for {string.Join(',', shares)}");
            int[] order = [.. Enumerable.Range(0, count).OrderBy(index => shares[index])];
            for (int i = 1; i < count; i++)
            {
                Assert.IsLessThanOrEqualTo(parts[order[i]] + 1, parts[order[i - 1]]);
            }
        }
    }

    [TestMethod]
    public void All_or_nothing()
    {
        var tenants = new TestTenants("", "");
        var budget = new DividedBudget(tenants.Directory, 100, _ => true);
        Assert.IsFalse(budget.TryTake(tenants[0], 76));
        Assert.AreEqual(0, budget.HeldByAll);
        Assert.IsTrue(budget.TryTake(tenants[0], 75));
        Assert.IsTrue(budget.TryTake(tenants[0], 0));
    }

    [TestMethod]
    public void What_is_held_outlives_a_reload_and_new_shares_and_totals_count_from_then_on()
    {
        var tenants = new TestTenants("share = 1", "share = 1");
        var budget = new DividedBudget(tenants.Directory, 100, _ => true);
        Assert.IsTrue(budget.TryTake(tenants[0], 60));
        tenants.Replace("share = 1", "share = 9");
        Assert.AreEqual(60, budget.Held(tenants[0]));
        Assert.IsTrue(budget.TryTake(tenants[1], 45));
        budget.Total = 10;
        Assert.IsFalse(budget.TryTake(tenants[1], 1));
        budget.GiveBack(tenants[0], 60);
        budget.GiveBack(tenants[1], 45);
        Assert.AreEqual((0L, 0L, 0L), (budget.HeldByAll, budget.CommonHeld, budget.Held(tenants[0])));
        Assert.IsTrue(budget.TryTake(tenants[1], 9));
        Assert.IsFalse(budget.TryTake(null, 6));
    }

    [TestMethod]
    public void Random_taking_and_giving_back_by_many_threads_and_reloads_keeps_every_part_and_comes_out_even()
    {
        var tenants = new TestTenants("share = 1", "share = 2", "share = 5");
        var budget = new DividedBudget(tenants.Directory, 1000, _ => true);
        long inside = 0;
        long most = 0;
        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, worker =>
        {
            var random = new Random(worker);
            var mine = new List<(Tenant? Tenant, int Amount)>();
            for (int i = 0; i < 20_000; i++)
            {
                int who = random.Next(4);
                Tenant? tenant = who == 3 ? null : tenants[who];
                int amount = random.Next(1, 60);
                if (mine.Count < 20 && random.Next(3) > 0 && budget.TryTake(tenant, amount))
                {
                    mine.Add((tenant, amount));
                    long now = Interlocked.Add(ref inside, amount);
                    for (long seen = Volatile.Read(ref most); now > seen; seen = Volatile.Read(ref most))
                    {
                        Interlocked.CompareExchange(ref most, now, seen);
                    }
                }
                else if (mine.Count > 0)
                {
                    int index = random.Next(mine.Count);
                    (Tenant? owner, int given) = mine[index];
                    mine.RemoveAt(index);
                    Interlocked.Add(ref inside, -given);
                    budget.GiveBack(owner, given);
                }
            }

            mine.ForEach(held =>
            {
                Interlocked.Add(ref inside, -held.Amount);
                budget.GiveBack(held.Tenant, held.Amount);
            });
        });
        Assert.IsLessThanOrEqualTo(1000L, most);
        Assert.IsGreaterThan(700L, most, "the test has filled it");
        Assert.AreEqual((0L, 0L), (budget.HeldByAll, budget.CommonHeld));
        for (int i = 0; i < 3; i++)
        {
            Assert.AreEqual(0, budget.Held(tenants[i]));
        }
    }

    [TestMethod]
    public void While_others_flood_a_tenants_part_never_fails_it()
    {
        var tenants = new TestTenants("", "");
        var budget = new DividedBudget(tenants.Directory, 100, _ => true);
        using var end = new CancellationTokenSource();
        Task[] flood = [.. Enumerable.Range(0, 3).Select(seed => Task.Run(() =>
        {
            var random = new Random(seed);
            while (!end.IsCancellationRequested)
            {
                int amount = random.Next(1, 100);
                if (budget.TryTake(tenants[0], amount))
                {
                    budget.GiveBack(tenants[0], amount);
                }
            }
        }))];
        for (int i = 0; i < 200_000; i++)
        {
            Assert.IsTrue(budget.TryTake(tenants[1], 25));
            budget.GiveBack(tenants[1], 25);
        }

        end.Cancel();
        Task.WaitAll(flood);
        Assert.AreEqual(0, budget.HeldByAll);
    }
}
