using EdgeDaemon.Engine;

namespace EdgeDaemon.Tests.Engine;

[TestClass]
public sealed class FairQueueTests
{
    [TestMethod]
    public void Within_a_tenant_the_urgent_first_then_in_order()
    {
        var queue = new FairQueue<string>();
        queue.Add(0, 1, RequestPriority.Default, 1, "a");
        queue.Add(0, 1, RequestPriority.Lowest, 1, "last");
        queue.Add(0, 1, RequestPriority.Default, 1, "b");
        queue.Add(0, 1, RequestPriority.Highest, 1, "first");
        CollectionAssert.AreEqual((string[])["first", "a", "b", "last"], Drain(queue).ToArray());
    }

    [TestMethod]
    public void Urgency_is_a_tenants_own_affair()
    {
        var queue = new FairQueue<string>();
        for (int i = 0; i < 10; i++)
        {
            queue.Add(0, 1, RequestPriority.Highest, 1, "pushy");
            queue.Add(1, 1, RequestPriority.Lowest, 1, "modest");
        }

        string[] order = [.. Drain(queue)];
        Assert.AreEqual(5, order.Take(10).Count(name => name == "modest"));
    }

    /// <summary>Both flood; one of them took a hundred turns' time besides (a run that was given up and goes on): the next hundred are the other's.</summary>
    [TestMethod]
    [DataRow(0, 50)]
    [DataRow(100, 100)]
    public void What_a_tenant_takes_besides_its_turns_counts(int besides, int others)
    {
        var queue = new FairQueue<int>();
        for (int i = 0; i < 500; i++)
        {
            queue.Add(0, 1, RequestPriority.Default, 1, 0);
            queue.Add(1, 1, RequestPriority.Default, 1, 1);
        }

        queue.Spend(0, besides);
        Assert.AreEqual(others, Drain(queue).Take(100).Count(tenant => tenant == 1), 1.0);
    }

    [TestMethod]
    public void A_pause_earns_nothing()
    {
        var queue = new FairQueue<int>();
        for (int i = 0; i < 1000; i++)
        {
            queue.Add(0, 1, RequestPriority.Default, 1, 0);
        }

        for (int i = 0; i < 900; i++)
        {
            Assert.IsTrue(TryTake(queue, out _));
        }

        for (int i = 0; i < 100; i++)
        {
            queue.Add(1, 1, RequestPriority.Default, 1, 1);
        }

        int[] next = [.. Drain(queue).Take(20)];
        Assert.AreEqual(10, next.Count(tenant => tenant == 1), "in turn from now on, not a hundred at once");
    }

    /// <summary>Whatever the pattern: as long as all wait, what each is given follows its share, by time and not by number.</summary>
    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(4)]
    [DataRow(5)]
    public void Each_tenant_that_always_waits_has_its_share_of_the_service(int seed)
    {
        var random = new Random(seed);
        int tenants = random.Next(2, 7);
        int[] shares = [.. Enumerable.Range(0, tenants).Select(_ => random.Next(1, 6))];
        double[] costs = [.. Enumerable.Range(0, tenants).Select(_ => Math.Exp(random.NextDouble() * 3))];
        double[] served = new double[tenants];
        int[] waiting = new int[tenants];
        var queue = new FairQueue<(int Tenant, double Cost)>();
        for (int step = 0; step < 40_000; step++)
        {
            for (int t = 0; t < tenants; t++)
            {
                // In bursts, alone or many at once, but never none.
                int come = waiting[t] == 0 ? 1 : 0;
                if (waiting[t] < 50 && random.Next(10) == 0)
                {
                    come += random.Next(1, 20);
                }

                for (int i = 0; i < come; i++)
                {
                    double cost = costs[t] * (0.5 + random.NextDouble());
                    queue.Add(t, shares[t], random.Next(1, 10), cost, (t, cost));
                    waiting[t]++;
                }
            }

            Assert.IsTrue(TryTake(queue, out (int Tenant, double Cost) next));
            served[next.Tenant] += next.Cost;
            waiting[next.Tenant]--;
        }

        double whole = served.Sum();
        for (int t = 0; t < tenants; t++)
        {
            double due = whole * shares[t] / shares.Sum();
            Assert.AreEqual(due, served[t], due * 0.1, $"tenant {t} of {string.Join(',', shares)}");
        }
    }

    [TestMethod]
    public void Whoever_asks_for_less_than_its_share_is_served_at_once_while_others_flood()
    {
        // A flooder with a thousand in line; the other asks for one at a time and must never see more than one turn of the flooder in between.
        var queue = new FairQueue<int>();
        for (int i = 0; i < 1000; i++)
        {
            queue.Add(0, 1, RequestPriority.Default, 1, 0);
        }

        for (int round = 0; round < 300; round++)
        {
            queue.Add(1, 1, RequestPriority.Default, 1, 1);
            int turns = 0;
            while (TryTake(queue, out int tenant) && tenant != 1)
            {
                turns++;
            }

            Assert.IsLessThanOrEqualTo(1, turns);
        }
    }

    /// <summary>Against a plain list: nobody is lost, nobody is served twice, and who has left is never served.</summary>
    [TestMethod]
    public void Random_arrivals_departures_and_turns_agree_with_a_list()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            var queue = new FairQueue<int>();
            var places = new Dictionary<int, FairQueue<int>.Place>();
            var gone = new List<FairQueue<int>.Place>();
            int last = 0;
            for (int step = 0; step < 5_000; step++)
            {
                switch (random.Next(step % 1000 < 500 ? 5 : 9))
                {
                    case < 3:
                        int item = ++last;
                        places.Add(item, queue.Add(random.Next(5), random.Next(1, 4), random.Next(1, 10), random.Next(1, 100), item));
                        break;
                    case 3 when places.Count > 0:
                        (int leaver, FairQueue<int>.Place place) = places.ElementAt(random.Next(places.Count));
                        places.Remove(leaver);
                        gone.Add(place);
                        Assert.IsTrue(queue.Remove(place));
                        Assert.IsFalse(queue.Remove(place), "only once");
                        break;
                    case 4 when random.Next(20) == 0:
                        int odd = random.Next(2, 7);
                        var removed = new List<int>();
                        queue.RemoveWhere(each => each % odd == 0, removed.Add);
                        CollectionAssert.AreEquivalent(places.Keys.Where(each => each % odd == 0).ToArray(), removed);
                        removed.ForEach(each => places.Remove(each));
                        break;
                    default:
                        Assert.AreEqual(places.Count > 0, TryTake(queue, out int served));
                        if (places.Count > 0)
                        {
                            Assert.IsTrue(places.Remove(served, out FairQueue<int>.Place? was), $"{served} does not wait");
                            gone.Add(was);
                        }

                        break;
                }

                Assert.AreEqual(places.Count, queue.Count);
            }

            Assert.IsTrue(gone.TrueForAll(place => !queue.Remove(place)));
            CollectionAssert.AreEquivalent(places.Keys.ToArray(), Drain(queue).ToArray());
        }
    }

    /// <summary>Whatever was expected: what counts is how long it took. Two are served at a time, and settled when they are done.</summary>
    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void Wrong_expectations_change_no_share(int seed)
    {
        var random = new Random(seed);
        int[] shares = [1, 2, 3];
        double[] wrongBy = [5, 0.2, 1];
        double[] served = new double[3];
        var queue = new FairQueue<int>();
        for (int tenant = 0; tenant < 3; tenant++)
        {
            Add(tenant);
            Add(tenant);
            Add(tenant);
        }

        var running = new Queue<(FairQueue<int>.Place Place, double Took)>();
        for (int step = 0; step < 20_000; step++)
        {
            Assert.IsTrue(queue.TryTake(out FairQueue<int>.Place? place));
            running.Enqueue((place, 50 + (100 * random.NextDouble())));
            if (running.Count == 2)
            {
                (FairQueue<int>.Place done, double took) = running.Dequeue();
                queue.Settle(done, took);
                served[done.Item] += took;
            }

            Add(place.Item);
        }

        for (int tenant = 0; tenant < 3; tenant++)
        {
            double due = served.Sum() * shares[tenant] / 6;
            Assert.AreEqual(due, served[tenant], due * 0.1, $"tenant {tenant}");
        }

        void Add(int tenant) => queue.Add(tenant, shares[tenant], RequestPriority.Default, 100 * wrongBy[tenant], tenant);
    }

    /// <summary>A run that was over-estimated is corrected when somebody waits again: what was given back must not be spent on turns ahead of those who came since.</summary>
    [TestMethod]
    public void An_over_estimate_earns_nothing_against_who_came_since()
    {
        var queue = new FairQueue<int>();
        queue.Add(0, 1, RequestPriority.Default, 1000, 0);
        Assert.IsTrue(queue.TryTake(out FairQueue<int>.Place? running), "nobody waits now");
        for (int i = 0; i < 50; i++)
        {
            queue.Add(0, 1, RequestPriority.Default, 1, 0);
            queue.Add(1, 1, RequestPriority.Default, 1, 1);
        }

        queue.Settle(running, 1);
        int[] next = [.. Drain(queue).Take(20)];
        Assert.AreEqual(10, next.Count(tenant => tenant == 1), string.Join(' ', next));
    }

    [TestMethod]
    public void What_is_given_back_to_one_puts_nobody_new_ahead_of_those_who_wait()
    {
        var queue = new FairQueue<int>();
        queue.Add(0, 1, RequestPriority.Default, 1000, 0);
        queue.Add(0, 1, RequestPriority.Default, 1, 0);
        for (int i = 0; i < 100; i++)
        {
            queue.Add(1, 1, RequestPriority.Default, 1, 1);
        }

        Assert.IsTrue(queue.TryTake(out FairQueue<int>.Place? running));
        for (int i = 0; i < 50; i++)
        {
            Assert.IsTrue(TryTake(queue, out int other) && other == 1);
        }

        queue.Settle(running, 1);
        Assert.IsTrue(TryTake(queue, out int due) && due == 0, "it waited meanwhile, and catches up");
        for (int i = 0; i < 40; i++)
        {
            queue.Add(2, 1, RequestPriority.Default, 1, 2);
        }

        int[] next = [.. Drain(queue).Take(20)];
        Assert.AreEqual(10, next.Count(tenant => tenant == 1), string.Join(' ', next));
    }

    /// <summary>
    /// Two tenants that both wait all the time from one moment to another are served alike in it, by what their runs took and by their shares, but for the runs that
    /// were given before it or have not ended at its end, one of each on every lane; however wrong the expectation of a run is, whoever else comes and goes, and
    /// however often nobody waits at all. The sums are kept here, by time alone.
    /// </summary>
    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void While_two_wait_neither_gets_more_than_its_share_but_for_one_run_on_each_lane(int lanes)
    {
        for (int seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            int tenants = random.Next(2, 6);
            int[] shares = [.. Enumerable.Range(0, tenants).Select(_ => random.Next(1, 5))];
            double longest = 0;
            int[] waiting = new int[tenants];
            double[] served = new double[tenants];
            var since = new Dictionary<(int, int), (double Most, double Least)>(); // of the difference between two, since both wait
            var running = new PriorityQueue<(FairQueue<int>.Place Place, double Took), double>();
            var queue = new FairQueue<int>();
            double now = 0;
            for (int step = 0; step < 3000; step++)
            {
                // In crowds, and so seldom that at times nobody waits. One run in twenty is expected to take a hundred times as long as others.
                bool crowd = random.Next(20) == 0;
                for (int t = 0; t < tenants; t++)
                {
                    int come = random.Next(crowd ? 3 : 31) == 0 ? random.Next(1, 9) : 0;
                    for (int i = 0; i < come && waiting[t] < 30; i++)
                    {
                        queue.Add(t, shares[t], RequestPriority.Default, 10 * (random.Next(20) == 0 ? 100 : 0.5 + random.NextDouble()), t);
                        waiting[t]++;
                    }
                }

                while (running.Count < lanes && queue.TryTake(out FairQueue<int>.Place? place))
                {
                    waiting[place.Item]--;
                    double took = 1 + (19 * random.NextDouble());
                    longest = Math.Max(longest, took);
                    running.Enqueue((place, took), now + took);
                }

                Compare();
                if (random.Next(2) == 0 && running.TryDequeue(out (FairQueue<int>.Place Place, double Took) done, out double end))
                {
                    now = end;
                    served[done.Place.Item] += done.Took;
                    queue.Settle(done.Place, done.Took);
                }

                Compare();
            }

            void Compare()
            {
                for (int a = 0; a < tenants; a++)
                {
                    for (int b = a + 1; b < tenants; b++)
                    {
                        if (waiting[a] == 0 || waiting[b] == 0)
                        {
                            since.Remove((a, b));
                            continue;
                        }

                        double ahead = (served[a] / shares[a]) - (served[b] / shares[b]);
                        (double most, double least) = since.TryGetValue((a, b), out (double Most, double Least) seen) ? seen : (ahead, ahead);
                        since[(a, b)] = (most, least) = (Math.Max(most, ahead), Math.Min(least, ahead));
                        double bound = 2 * lanes * longest * ((1.0 / shares[a]) + (1.0 / shares[b]));
                        Assert.IsLessThanOrEqualTo(bound, most - least, $"seed {seed}: {a} and {b} of {string.Join(',', shares)}");
                    }
                }
            }
        }
    }

    private static bool TryTake<T>(FairQueue<T> queue, out T item)
    {
        bool taken = queue.TryTake(out FairQueue<T>.Place? place);
        if (taken)
        {
            queue.Settle(place!, place!.Cost); // It took what was expected.
        }

        item = taken ? place!.Item : default!;
        return taken;
    }

    private static IEnumerable<T> Drain<T>(FairQueue<T> queue)
    {
        while (TryTake(queue, out T item))
        {
            yield return item;
        }
    }
}
