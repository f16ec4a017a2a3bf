using EdgeDaemon.Listeners;

namespace EdgeDaemon.Tests.Listeners;

[TestClass]
public sealed class CallerHomeTests
{
    private const long Near = 10_000;
    private const long Far = 25_000;

    [TestMethod]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(64)]
    public void A_caller_is_left_to_the_core_that_answers_it_at_the_least_cost(int cores)
    {
        for (int near = 0; near < cores; near += Math.Max(1, cores / 5))
        {
            var home = new CallerHome(new ThreadCores(cores, cores));
            Answer(home, 4 + (2 * cores), core => core == near ? Near : Far);
            Assert.AreEqual(near, home.Core);
        }
    }

    [TestMethod]
    public void Only_where_threads_are_is_tried()
    {
        // Two threads on cores of a large machine; one of them is moved.
        var threads = new ThreadCores(2, 128);
        (threads[0], threads[1]) = (17, 99);
        var home = new CallerHome(threads);
        Answer(home, 8, core => core is 17 or 99 ? core == 99 ? Near : Far : throw new AssertFailedException($"{core}: nobody is there"));
        Assert.AreEqual(99, home.Core);

        threads[0] = 100;
        Answer(home, 100, core => core switch { 99 => Far, 100 => Near, _ => throw new AssertFailedException($"{core}: nobody is there") });
        Assert.AreEqual(100, Mostly(home, 100, core => core == 100 ? Near : Far));
    }

    [TestMethod]
    public void Threads_that_change_cores_change_no_home()
    {
        var threads = new ThreadCores(2, 2);
        var home = new CallerHome(threads);
        Answer(home, 100, core => core == 1 ? Near : Far);
        (threads[0], threads[1]) = (1, 0);
        Assert.AreEqual(1, Mostly(home, 100, core => core == 1 ? Near : Far));
        Assert.AreEqual(0, threads.PlaceOn(1));
    }

    [TestMethod]
    public void A_caller_that_moves_is_followed_before_the_next_trial_is_due()
    {
        CallerHome home = Settled(near: 0);
        Answer(home, 24, core => core == 1 ? Near : Far); // Two samples of eight answers each, and a trial.
        Assert.AreEqual(1, Mostly(home, 40, core => core == 1 ? Near : Far));
    }

    [TestMethod]
    public void Another_core_that_becomes_cheaper_is_found_at_the_next_trial()
    {
        CallerHome home = Settled(near: 0);
        Answer(home, 280, core => core == 1 ? Near / 2 : Near);
        Assert.AreEqual(1, Mostly(home, 40, core => core == 1 ? Near / 2 : Near));
    }

    [TestMethod]
    public void Where_no_core_is_cheaper_by_a_quarter_he_stays()
    {
        var noise = new Random(1);
        var home = new CallerHome(new ThreadCores(2, 2));
        Answer(home, 100, core => core == 1 ? Near : Far);
        int elsewhere = 0;
        for (int i = 0; i < 30_000; i++)
        {
            Answer(home, 1, core => (core == 0 ? 9_500 : 10_000) + noise.Next(1_000));
            elsewhere += home.Core == 0 ? 1 : 0;
        }

        Assert.IsLessThan(30_000 / 33, elsewhere); // Trials.
    }

    [TestMethod]
    public void Little_is_measured_and_nothing_of_who_asks_once()
    {
        var home = new CallerHome(new ThreadCores(2, 2));
        Assert.IsFalse(home.Asks());
        Assert.AreEqual(-1, home.Core);

        Answer(home, 1000, core => Near);
        int measured = Answer(home, 100_000, core => Near);
        Assert.IsLessThan(100_000 / 6, measured);
        Assert.IsGreaterThan(100_000 / 10, measured);
    }

    [TestMethod]
    public void Where_one_thread_does_all_the_work_trials_end()
    {
        var home = new CallerHome(new ThreadCores(2, 2));
        int measured = 0;
        int elsewhere = 0;
        for (int i = 0; i < 100_000; i++)
        {
            elsewhere += home.Core == 0 ? 0 : 1;
            if (home.Asks())
            {
                measured++;
                home.Learn(0, Near);
            }
        }

        Assert.IsLessThan(100_000 / 3, measured);
        Assert.IsLessThan(100_000 / 4, elsewhere);
    }

    [TestMethod]
    public void One_costly_answer_moves_nobody_and_begins_no_trial()
    {
        CallerHome home = Settled(near: 0);
        for (int i = 0; i < 100; i++)
        {
            if (home.Asks())
            {
                home.Learn(0, i % 16 < 8 ? 6 * Near : Near); // Taken off its core while it answered, each second time.
            }

            Assert.AreEqual(0, home.Core);
        }
    }

    // Its trials have become rare.
    private static CallerHome Settled(int near)
    {
        var home = new CallerHome(new ThreadCores(2, 2));
        int elsewhere = 0;
        for (int answers = 0; elsewhere < 8; answers++)
        {
            Assert.IsLessThan(2_000, answers);
            int before = home.Core;
            Answer(home, 1, core => core == near ? Near : Far);
            elsewhere += before == near && home.Core != near ? 1 : 0;
        }

        Answer(home, 20, core => core == near ? Near : Far);
        Assert.AreEqual(near, home.Core);
        return home;
    }

    // The core that he is left to, but for trials.
    private static int Mostly(CallerHome home, int answers, Func<int, long> cost)
    {
        var seen = new List<int>();
        for (int i = 0; i < answers; i++)
        {
            seen.Add(home.Core);
            Answer(home, 1, cost);
        }

        (int core, int times) = seen.CountBy(core => core).MaxBy(entry => entry.Value);
        Assert.IsGreaterThan(answers * 3 / 4, times);
        return core;
    }

    // As the threads do, when each has work: the one on the caller's core answers.
    private static int Answer(CallerHome home, int answers, Func<int, long> cost)
    {
        int measured = 0;
        for (int i = 0; i < answers; i++)
        {
            int core = Math.Max(0, home.Core);
            if (home.Asks())
            {
                core = Math.Max(0, home.Core);
                measured++;
                home.Learn(core, cost(core));
            }
        }

        return measured;
    }
}
