using EdgeDaemon.Core.Smoothing;

namespace EdgeDaemon.Tests.Smoothing;

/// <summary>Votes against numpy's figures and against definitions written out here, which share nothing with what they judge.</summary>
[TestClass]
public sealed class VotesTests
{
    private static readonly float[][] Three = [[1.5f, -0.25f, 3, 0.5f], [2.75f, 0.125f, 2.5f, -1], [0, 0.5f, 1, 4]];

    // numpy 1.24: weights @ rows / weights.sum(); the same over softmax rows; weights per argmax. The entropy is that of the second.
    private static readonly (double[] Weights, double[] Mean, double[] Probabilities, double[] Majority, double Entropy)[] Numpy =
    [
        ([1, 1, 1], [1.4166666666666667, 0.125, 2.1666666666666665, 1.1666666666666667],
            [0.23869974210064338, 0.031661419920198525, 0.401599500246079, 0.32803933773307914], [1 / 3.0, 0, 1 / 3.0, 1 / 3.0], 1.1832840239885623),
        ([1, 2, 0.5], [2.0, 0.07142857142857142, 2.4285714285714284, 0.14285714285714285],
            [0.35461804192187263, 0.03425041426145629, 0.45644198824128457, 0.1546895555753864], [4 / 7.0, 0, 2 / 7.0, 1 / 7.0], 1.1298874261611904),
    ];

    [TestMethod]
    public void Agrees_with_numpy()
    {
        foreach ((double[] weights, double[] mean, double[] probabilities, double[] majority, double entropy) in Numpy)
        {
            Near(mean, Answer(VoteRule.Mean, Three, weights));
            Near(probabilities, Answer(VoteRule.Probabilities, Three, weights));
            Near(majority, Answer(VoteRule.Majority, Three, weights));
            double[] sums = new double[4];
            for (int i = 0; i < 3; i++)
            {
                Votes.AddProbabilities(Three[i], weights[i], sums);
            }

            Assert.AreEqual(entropy, Votes.Entropy(sums, weights.Sum()), 1e-12);
        }

        static void Near(double[] expected, float[] given)
        {
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.AreEqual(expected[i], given[i], 1e-7);
            }
        }
    }

    [TestMethod]
    public void Agrees_with_the_definitions_on_random_rows()
    {
        var random = new Random(1);
        for (int round = 0; round < 300; round++)
        {
            int members = random.Next(1, 9), classes = random.Next(1, 30);
            float[][] rows = Rows(random, members, classes);
            double[] weights = [.. rows.Select(_ => random.NextDouble() + 0.01)];
            float[] mean = Answer(VoteRule.Mean, rows, weights), soft = Answer(VoteRule.Probabilities, rows, weights), hard = Answer(VoteRule.Majority, rows, weights);
            for (int c = 0; c < classes; c++)
            {
                Assert.AreEqual(Weighted(m => rows[m][c]), mean[c], 1e-5);

                // 1 / sum of exp(other - this): the softmax without a largest logit taken off.
                Assert.AreEqual(Weighted(m => 1 / rows[m].Sum(other => Math.Exp((double)other - rows[m][c]))), soft[c], 1e-6);
                Assert.AreEqual(Weighted(m => rows[m].ToList().IndexOf(rows[m].Max()) == c ? 1 : 0), hard[c], 1e-6);
            }

            double Weighted(Func<int, double> value) => Enumerable.Range(0, members).Sum(m => weights[m] * value(m)) / weights.Sum();
        }
    }

    [TestMethod]
    public void The_order_of_equal_members_changes_no_bit_of_a_hard_vote()
    {
        var random = new Random(2);
        for (int round = 0; round < 300; round++)
        {
            float[][] rows = Rows(random, random.Next(2, 12), 4);
            double[] weights = [.. rows.Select(_ => 1.0)];
            float[] listed = Answer(VoteRule.Majority, rows, weights);
            random.Shuffle(rows);
            CollectionAssert.AreEqual(listed, Answer(VoteRule.Majority, rows, weights));
        }
    }

    [TestMethod]
    public void Only_the_proportion_of_weights_counts()
    {
        var random = new Random(3);
        for (int round = 0; round < 300; round++)
        {
            float[][] rows = Rows(random, random.Next(2, 9), 5);
            double[] weights = [.. rows.Select(_ => random.NextDouble() + 0.1)];
            foreach (VoteRule rule in Enum.GetValues<VoteRule>())
            {
                float[] answer = Answer(rule, rows, weights);

                // A power of two rounds nothing; another factor moves the last bit at most.
                CollectionAssert.AreEqual(answer, Answer(rule, rows, [.. weights.Select(weight => weight * 1024)]));
                float[] scaled = Answer(rule, rows, [.. weights.Select(weight => weight * 0.3)]);
                Assert.IsTrue(answer.Zip(scaled).All(pair => Math.Abs(pair.First - pair.Second) <= 1e-5f * Math.Max(1, Math.Abs(pair.First))));
            }
        }
    }

    [TestMethod]
    public void A_member_that_alone_outweighs_all_others_decides()
    {
        float[] answer = Answer(VoteRule.Majority, Three, [1, 1, 2.5]);
        Assert.AreEqual(3, Votes.Choice(answer));
        Assert.AreEqual(2.5 / 4.5, answer[3], 1e-7);
    }

    [TestMethod]
    public void A_choice_is_the_first_of_the_largest_and_none_without_an_opinion()
    {
        Assert.AreEqual(1, Votes.Choice([0, 5, 5, 1]));
        Assert.AreEqual(0, Votes.Choice([-1]));
        Assert.AreEqual(1, Votes.Choice([float.NegativeInfinity, -7]), "a class that is ruled out is an opinion");
        Assert.AreEqual(0, Votes.Choice([-0f, 0f]), "the two zeros are equal");
        foreach (float[] row in (float[][])[[], [float.NaN, 1], [1, float.NaN], [1, float.PositiveInfinity], [float.NegativeInfinity, float.NegativeInfinity]])
        {
            Assert.AreEqual(Votes.None, Votes.Choice(row));
        }
    }

    [TestMethod]
    public void Who_has_no_opinion_gives_no_share_and_spoils_a_soft_vote()
    {
        float[][] rows = [[1, 2], [float.NaN, 2], [3, 2]];
        float[] hard = Answer(VoteRule.Majority, rows, [1, 1, 1]);
        CollectionAssert.AreEqual((float[])[1 / 3f, 1 / 3f], hard);
        Assert.IsTrue(Answer(VoteRule.Probabilities, rows, [1, 1, 1]).All(float.IsNaN));
        Assert.IsTrue(float.IsNaN(Answer(VoteRule.Mean, rows, [1, 1, 1])[0]));
    }

    [TestMethod]
    public void Entropy_is_0_for_certainty_and_the_logarithm_of_the_classes_for_none()
    {
        Assert.AreEqual(0, Votes.Entropy([3, 0, 0], 3));
        Assert.AreEqual(Math.Log(8), Votes.Entropy([.. Enumerable.Repeat(0.25, 8)], 2), 1e-15);
        Assert.IsTrue(double.IsNaN(Votes.Entropy([double.NaN, 1], 1)));
    }

    [TestMethod]
    public void Logits_of_any_size_have_probabilities()
    {
        CollectionAssert.AreEqual((float[])[1, 0], Answer(VoteRule.Probabilities, [[float.MaxValue, -float.MaxValue]], [1]));
        CollectionAssert.AreEqual((float[])[0.5f, 0.5f, 0], Answer(VoteRule.Probabilities, [[1e30f, 1e30f, float.NegativeInfinity]], [1]));
    }

    // Few distinct values: ties happen.
    private static float[][] Rows(Random random, int members, int classes) =>
        [.. Enumerable.Range(0, members).Select(_ => Enumerable.Range(0, classes).Select(_ => random.Next(-8, 9) / 4f).ToArray())];

    private static float[] Answer(VoteRule rule, float[][] rows, double[] weights)
    {
        double[] sums = new double[rows[0].Length];
        float[] answer = new float[sums.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            Votes.Add(rule, rows[i], weights[i], sums);
        }

        Votes.End(sums, weights.Sum(), answer);
        return answer;
    }
}
