using EdgeDaemon.Listeners;

namespace EdgeDaemon.Tests.Listeners;

[TestClass]
public sealed class CallerHomeTests
{
    [TestMethod]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(64)]
    public void A_caller_is_left_to_the_thread_that_answers_it_at_the_least_cost(int places)
    {
        for (int near = 0; near < places; near += Math.Max(1, places / 5))
        {
            for (int first = 0; first < places; first += Math.Max(1, places / 5))
            {
                var home = new CallerHome(places, first);
                Answer(home, 8 + (5 * places), place => place == near ? 10_000 : 25_000);
                Assert.AreEqual(near, home.Place);
            }
        }
    }

    [TestMethod]
    public void A_caller_that_moves_is_followed()
    {
        var home = new CallerHome(2, first: 0);
        Answer(home, 100, place => place == 0 ? 10_000 : 25_000);
        Assert.AreEqual(0, home.Place);

        Answer(home, 300, place => place == 1 ? 10_000 : 25_000);
        Assert.AreEqual(1, home.Place);
    }

    [TestMethod]
    public void Where_no_thread_is_cheaper_by_a_quarter_he_stays()
    {
        var noise = new Random(1);
        var home = new CallerHome(2, first: 1);
        Answer(home, 100, place => 10_000);
        for (int i = 0; i < 100; i++)
        {
            Answer(home, 300, place => (place == 0 ? 9_500 : 10_000) + noise.Next(1_000));
            Answer(home, 20, place => 10_000); // A trial that is under way ends.
            Assert.AreEqual(1, home.Place);
        }
    }

    [TestMethod]
    public void Little_is_measured_and_nothing_of_who_asks_once()
    {
        var home = new CallerHome(2, first: 0);
        for (int i = 0; i < 7; i++)
        {
            Assert.IsFalse(home.Asks());
        }

        Answer(home, 100, place => 10_000);
        int measured = Answer(home, 100_000, place => 10_000);
        Assert.IsLessThan(100_000 / 6, measured);
        Assert.IsGreaterThan(100_000 / 10, measured);
    }

    [TestMethod]
    public void Where_one_thread_does_all_the_work_trials_end()
    {
        var home = new CallerHome(2, first: 1);
        int measured = 0;
        int elsewhere = 0;
        for (int i = 0; i < 100_000; i++)
        {
            elsewhere += home.Place == 0 ? 0 : 1;
            if (home.Asks())
            {
                measured++;
                home.Learn(0, 10_000);
            }
        }

        Assert.AreEqual(0, home.Place);
        Assert.IsLessThan(100_000 / 3, measured);
        Assert.IsLessThan(100_000 / 4, elsewhere);
    }

    [TestMethod]
    public void One_costly_answer_moves_nobody()
    {
        var home = new CallerHome(2, first: 0);
        Answer(home, 100, place => place == 0 ? 10_000 : 25_000);
        for (int i = 0; i < 50; i++)
        {
            Answer(home, 20, place => place == 0 ? 10_000 : 25_000);
            home.Learn(0, 60_000); // Taken off its core while it answered.
        }

        Answer(home, 300, place => place == 0 ? 10_000 : 25_000);
        Assert.AreEqual(0, home.Place);
    }

    // As the threads do, when each has work: the caller's own thread answers.
    private static int Answer(CallerHome home, int answers, Func<int, long> cost)
    {
        int measured = 0;
        for (int i = 0; i < answers; i++)
        {
            int place = home.Place;
            if (home.Asks())
            {
                measured++;
                home.Learn(place, cost(place));
            }
        }

        return measured;
    }
}
