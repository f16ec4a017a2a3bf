using EdgeDaemon.Core.Smoothing;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Core.Smoothing.Statistics;
using EdgeDaemon.Engine.Smoothing;

namespace EdgeDaemon.Tests.Engine.Smoothing;

/// <summary>What an input answers to scripted classes of its samples. The oracle reads the tables' integers itself.</summary>
[TestClass]
public sealed class SmoothedInputTests
{
    [TestMethod]
    public void A_class_that_always_wins_is_certified_at_the_first_look_that_can()
    {
        SmoothedInput input = Questions.Input(Questions.Sequential());
        Give(input, 2, 10_000);
        int look = FirstLook(Questions.Ladder[^1].Up, samples => samples);
        Assert.AreEqual((2, false, 0.5, StoppedBy.Certified), (input.Class, input.Abstained, input.Radius, input.Stopped));
        Assert.AreEqual((look, look), input.Basis);
        Assert.AreEqual(Questions.Selection + look, input.Samples, "nothing is counted behind the look that decided");
        Assert.AreEqual(Questions.Selection, input.Selected.Of(2));
        Assert.AreEqual(look, input.Counted.Of(2));
    }

    [TestMethod]
    public void A_class_that_never_comes_again_is_given_up()
    {
        SmoothedInput input = Questions.Input(Questions.Sequential());
        Give(input, 2, Questions.Selection);
        Give(input, 1, 10_000);
        Assert.AreEqual((2, true, 0.0, StoppedBy.Futile), (input.Class, input.Abstained, input.Radius, input.Stopped));
        Assert.AreEqual((0, 0), input.Basis);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(4)]
    [DataRow(5)]
    [DataRow(6)]
    [DataRow(7)]
    [DataRow(8)]
    public void The_answer_is_what_the_tables_say_of_the_whole_path(int seed)
    {
        var random = new Random(seed);
        double p = 0.5 + (0.5 * random.NextDouble());
        int[] path = [.. Enumerable.Range(0, Questions.MaxSamples).Select(_ => random.NextDouble() < p ? 0 : random.Next(-1, 4))];
        SmoothedInput input = Questions.Input(Questions.Sequential());
        Give(input, 0, Questions.Selection);
        foreach (int choice in path)
        {
            input.Take(input.Next, choice);
        }

        // Look by look: the largest radius whose Up was reached, until every larger one was given up.
        var ladder = Questions.Ladder;
        int certified = -1, given = ladder.Count, at = 0;
        (int, int) basis = default;
        for (int look = 0; look < ladder.Looks.Count && certified + 1 < given; look++)
        {
            at = ladder.Looks[look];
            int agreements = path.Take(at).Count(choice => choice == 0);
            for (int r = 0; r < ladder.Count; r++)
            {
                if (agreements >= ladder[r].Up[look] && r > certified)
                {
                    certified = r;
                    basis = (at, agreements);
                }
            }

            int hopeless = Enumerable.Range(certified + 1, ladder.Count - certified - 1).FirstOrDefault(r => at - agreements >= ladder[r].Down[look], given);
            given = Math.Min(given, hopeless);
        }

        Assert.AreEqual(certified < 0 ? 0 : Questions.Radii[certified], input.Radius);
        Assert.AreEqual(basis, input.Basis);
        Assert.AreEqual(Questions.Selection + at, input.Samples);
        Assert.AreEqual(certified + 1 >= given ? (certified < 0 ? StoppedBy.Futile : StoppedBy.Certified) : StoppedBy.Samples, input.Stopped);
        Assert.AreEqual(path.Take(at).Count(choice => choice < 0), input.Counted.Failed);
    }

    [TestMethod]
    public void Of_a_ladder_that_is_cut_short_the_last_look_stands()
    {
        // Enough for the smallest radius, far from the largest.
        SmoothedInput input = Questions.Input(Questions.Sequential());
        Give(input, 0, Questions.Selection);
        int look = FirstLook(Questions.Ladder[0].Up, samples => samples);
        Give(input, 0, look + (Questions.Period / 2));
        input.Stop(StoppedBy.Deadline);
        int reached = Enumerable.Range(0, Questions.Radii.Length).Last(r => Questions.Ladder[r].Up[Index(look)] <= look);
        Assert.AreEqual((Questions.Radii[reached], StoppedBy.Deadline, false), (input.Radius, input.Stopped, input.Abstained));
        Assert.AreEqual((look, look), input.Basis, "samples after the look certify nothing");
        Assert.IsTrue(input.Samples > Questions.Selection + look, "and yet are told");
    }

    [TestMethod]
    public void The_most_samples_of_a_request_end_its_ladder()
    {
        SmoothedInput input = Questions.Input(Questions.Sequential(samples: 2 * Questions.Period));
        Give(input, 0, Questions.Selection);
        Alternate(input, 0, 1, 10_000);
        Assert.AreEqual((StoppedBy.Samples, true), (input.Stopped == StoppedBy.Futile ? StoppedBy.Samples : input.Stopped, input.Abstained));
        Assert.IsTrue(input.Samples <= Questions.Selection + (2 * Questions.Period));
    }

    [TestMethod]
    public void Ties_of_the_selection_go_to_the_lowest_class()
    {
        SmoothedInput input = Questions.Input(Questions.Sequential());
        Alternate(input, 3, 1, Questions.Selection);
        Assert.AreEqual(1, input.Class);
    }

    [TestMethod]
    public void Samples_that_failed_are_against_the_class_and_in_no_count()
    {
        SmoothedInput sound = Questions.Input(Questions.Fixed(200)), failing = Questions.Input(Questions.Fixed(200));
        Give(sound, 0, Questions.Selection + 200);
        Give(failing, 0, Questions.Selection + 190);
        Give(failing, Votes.None, 10);
        Assert.AreEqual(CertifiedRadius.Of(ClopperPearson.Lower(200, 200, Questions.Alpha), Questions.Sigma), sound.Radius);
        Assert.AreEqual(CertifiedRadius.Of(ClopperPearson.Lower(190, 200, Questions.Alpha), Questions.Sigma), failing.Radius);
        Assert.IsTrue(failing.Radius < sound.Radius);
        Assert.AreEqual((10, 190), (failing.Counted.Failed, failing.Counted.Of(0)));
        Assert.AreEqual((StoppedBy.Completed, StoppedBy.Completed), (sound.Stopped, failing.Stopped));
    }

    [TestMethod]
    public void Of_a_fixed_number_what_is_missing_counts_against_the_class()
    {
        SmoothedInput input = Questions.Input(Questions.Fixed(200));
        Give(input, 0, Questions.Selection + 180);
        input.Stop(StoppedBy.Deadline);
        double sound = CertifiedRadius.Of(ClopperPearson.Lower(180, 200, Questions.Alpha), Questions.Sigma);
        double unsound = CertifiedRadius.Of(ClopperPearson.Lower(180, 180, Questions.Alpha), Questions.Sigma);
        Assert.AreEqual((sound, StoppedBy.Deadline, false), (input.Radius, input.Stopped, input.Abstained));
        Assert.IsTrue(input.Radius < unsound, "control: whoever forgets the promised number says more than is true");
        Assert.AreEqual((180, 180), input.Basis);
    }

    [TestMethod]
    public void A_selection_that_failed_or_was_cut_short_certifies_nothing()
    {
        SmoothedInput failed = Questions.Input(Questions.Sequential()), cut = Questions.Input(Questions.Sequential());
        Give(failed, Votes.None, 10_000);
        Assert.AreEqual((Votes.None, true, 0.0, StoppedBy.Samples), (failed.Class, failed.Abstained, failed.Radius, failed.Stopped));
        Give(cut, 3, Questions.Selection - 1);
        cut.Stop(StoppedBy.Deadline);
        Assert.AreEqual((3, true, 0.0, StoppedBy.Deadline), (cut.Class, cut.Abstained, cut.Radius, cut.Stopped));
        Assert.AreEqual(Questions.Selection - 1, cut.Samples);
    }

    [TestMethod]
    [DataRow(60, 30, 0, true)]
    [DataRow(50, 50, 0, false)]
    [DataRow(60, 0, 40, false)]
    [DataRow(75, 0, 25, true)]
    [DataRow(60, 30, 20, false)]
    [DataRow(0, 0, 100, false)]
    public void A_prediction_is_answered_when_not_even_with_all_the_failed_another_class_could_be_as_likely(int first, int second, int failed, bool answered)
    {
        SmoothedInput input = Questions.Input(Questions.Predict(first + second + failed));
        Give(input, 1, first);
        Give(input, 2, second);
        Give(input, Votes.None, failed);
        Assert.IsTrue(input.IsOver);
        Assert.AreEqual(answered, !input.Abstained);
        Assert.AreEqual(answered, Predict.Holds(Math.Max(first, 1), Math.Min(Math.Max(first, 1), second + failed), Questions.Alpha), "the oracle gives the second all that failed");
        Assert.AreEqual(0, input.Radius);
    }

    // Alpha is .01. The first class has 60 of 110; 30 are another's and 20 failed, as those do whose input a graph cannot bear. Were they a class of their own, 60 against 30 would be sure; were they the
    // second's, it is 60 against 50, which is nothing.
    [TestMethod]
    public void Samples_that_failed_may_all_have_been_the_second_class()
    {
        Assert.IsTrue(Predict.Holds(60, 30, Questions.Alpha), "control: who forgets the failed ones is sure");
        SmoothedInput input = Questions.Input(Questions.Predict(110));
        Give(input, 1, 60);
        Give(input, 2, 30);
        Give(input, Votes.None, 20);
        Assert.AreEqual((true, 20), (input.Abstained, input.Counted.Failed));
    }

    [TestMethod]
    public void A_prediction_that_is_cut_short_holds_the_missing_for_the_others()
    {
        SmoothedInput input = Questions.Input(Questions.Predict(100));
        Give(input, 1, 40);
        input.Stop(StoppedBy.Deadline);
        Assert.IsTrue(input.Abstained, "60 others may all have been of another class");
        SmoothedInput enough = Questions.Input(Questions.Predict(100));
        Give(enough, 1, 90);
        enough.Stop(StoppedBy.Deadline);
        Assert.AreEqual((1, false, StoppedBy.Deadline), (enough.Class, enough.Abstained, enough.Stopped));
    }

    private static int FirstLook(ReadOnlySpan<int> up, Func<int, int> agreements)
    {
        for (int look = 0; look < up.Length; look++)
        {
            if (agreements(Questions.Ladder.Looks[look]) >= up[look])
            {
                return Questions.Ladder.Looks[look];
            }
        }

        throw new AssertFailedException("no look certifies");
    }

    private static int Index(int look) => Questions.Ladder.Looks.Looks.IndexOf(look);

    private static void Give(SmoothedInput input, int choice, int times)
    {
        for (int i = 0; i < times; i++)
        {
            input.Take(input.Next, choice);
        }
    }

    private static void Alternate(SmoothedInput input, int one, int other, int times)
    {
        for (int i = 0; i < times; i++)
        {
            input.Take(input.Next, i % 2 == 0 ? one : other);
        }
    }
}
