using System.Numerics;
using EdgeDaemon.Core.Smoothing.Boundaries;
using EdgeDaemon.Core.Smoothing.Statistics;

namespace EdgeDaemon.Benchmarks.Samples;

/// <summary>The published rules that tables are held beside, each with its exact behaviour at a known probability. alpha on both sides.</summary>
internal static class SampleRules
{
    public const double Alpha = 0.001;

    /// <summary>Selection's samples in the published work.</summary>
    public const int Selection = 100;

    /// <summary>CERTIFY: always all samples; certified when the bound is above p0.</summary>
    public static Func<double, OperatingCharacteristic> Fixed(double p0)
    {
        const int samples = CohenLog.Samples;
        int least = Least(samples, count => ClopperPearson.Lower(count, samples, Alpha) > p0);
        return p =>
        {
            double certified = BinomialTail.AtLeast(least, samples, p).Middle;
            return new OperatingCharacteristic(certified, 1 - certified, samples);
        };
    }

    /// <summary>CertifyAdp (Horvath et al. 2022) in rounds of 1,000, 10,000 and 125,000; each chooses again, which is counted here.</summary>
    public static Func<double, OperatingCharacteristic> Adaptive(double p0)
    {
        int[] rounds = [1000, 10_000, 125_000], least = new int[rounds.Length], stay = new int[rounds.Length];
        for (int i = 0; i < rounds.Length; i++)
        {
            int n = rounds[i];
            least[i] = Least(n, count => ClopperPearson.Lower(count, n, Alpha / rounds.Length) > p0);
            stay[i] = i + 1 < rounds.Length ? Least(n, count => ClopperPearson.Upper(count, n, Alpha / (rounds.Length - 1)) >= p0) : 0;
        }

        return p =>
        {
            double left = 1, certified = 0, given = 0, samples = 0;
            for (int i = 0; i < rounds.Length && left > 1e-12; i++)
            {
                samples += left * (rounds[i] + Selection);
                double yes = BinomialTail.AtLeast(least[i], rounds[i], p).Middle;
                double no = 1 - BinomialTail.AtLeast(stay[i], rounds[i], p).Middle;
                certified += left * yes;
                given += left * no;
                left *= Math.Max(0, 1 - yes - no);
            }

            return new OperatingCharacteristic(certified, given, samples);
        };
    }

    /// <summary>The union bound's looks at 1.1^k, k from 11, each at its share of alpha (Voracek 2024).</summary>
    public static (LookSchedule Looks, int[] Up, int[] Down) Union(double p0, int maxSamples)
    {
        var looks = new List<int>();
        for (int k = 11; ; k++)
        {
            int n = (int)Math.Floor(Math.Pow(1.1, k)) + 1;
            if (n > maxSamples)
            {
                break;
            }

            if (looks.Count == 0 || n > looks[^1])
            {
                looks.Add(n);
            }
        }

        int[] up = new int[looks.Count], down = new int[looks.Count];
        for (int i = 0; i < up.Length; i++)
        {
            int n = looks[i];
            double share = 5 * Alpha / ((i + 5.0) * (i + 6.0));
            up[i] = Entry(n, Least(n, count => BinomialTail.AtLeast(count, n, p0).High <= share));
            down[i] = Entry(n, Least(n, count => BinomialTail.AtLeast(count, n, 1 - p0).High <= share));
        }

        return (new LookSchedule([.. looks]), up, down);

        static int Entry(int n, int least) => least > n ? BoundaryTable.Never : Math.Max(1, least);
    }

    /// <summary>The betting sequence at ln(1/alpha), looked at after every sample.</summary>
    public static Func<double, OperatingCharacteristic> Betting(double p0, int maxSamples)
    {
        int[] up = new int[maxSamples + 1], down = new int[maxSamples + 1];
        double c = -Math.Log(Alpha);
        for (int n = 1; n <= maxSamples; n++)
        {
            up[n] = BettingShape.Instance.Bound(n, p0, c);
            down[n] = BettingShape.Instance.Bound(n, 1 - p0, c);
        }

        return p => EachSample(p, up, down, maxSamples);
    }

    // One sample at a time, in two arrays that take turns: 131,072 steps are too many for a distribution that is made for steps of hundreds.
    private static OperatingCharacteristic EachSample(double p, int[] up, int[] down, int maxSamples)
    {
        double[] now = new double[maxSamples + 2 + Vector<double>.Count], next = new double[now.Length];
        int low = 1, high = 1; // Count a is at a + 1: below every count lies a zero.
        now[1] = 1;
        double certified = 0, given = 0, samples = 0, left = 1;
        var stays = new Vector<double>(1 - p);
        var rises = new Vector<double>(p);
        for (int n = 1; n <= maxSamples && left > 1e-9; n++)
        {
            samples += left;
            high++;
            for (int a = low; a <= high; a += Vector<double>.Count)
            {
                ((stays * new Vector<double>(now, a)) + (rises * new Vector<double>(now, a - 1))).CopyTo(next, a);
            }

            next.AsSpan(high + 1, Vector<double>.Count - 1).Clear();
            next[low - 1] = 0;
            (now, next) = (next, now);
            for (; high >= low && high - 1 >= up[n]; high--)
            {
                certified += now[high];
                left -= now[high];
                now[high] = 0;
            }

            for (; low <= high && (n - (low - 1) >= down[n] || now[low] < 1e-18); low++)
            {
                bool stops = n - (low - 1) >= down[n];
                given += stops ? now[low] : 0;
                left -= stops ? now[low] : 0;
                now[low] = 0;
            }
        }

        return new OperatingCharacteristic(certified, given, samples);
    }

    /// <summary>The probability that selection misses a class of probability p, were all others one class.</summary>
    public static double Missed(int selection, double p) => 1 - BinomialTail.AtLeast((selection / 2) + 1, selection, p).Middle;

    /// <summary>Means over images.</summary>
    public static OperatingCharacteristic Mean(SortedDictionary<double, int> images, Func<double, OperatingCharacteristic> rule)
    {
        double certified = 0, given = 0, samples = 0;
        int all = 0;
        foreach ((double p, int count) in images)
        {
            OperatingCharacteristic one = rule(p);
            certified += count * one.Certified;
            given += count * one.GivenUp;
            samples += count * one.Samples;
            all += count;
        }

        return new OperatingCharacteristic(certified / all, given / all, samples / all);
    }

    // The smallest count of 0 to n + 1 for which it holds; it holds for all larger ones.
    private static int Least(int n, Func<int, bool> holds)
    {
        int low = 0, high = n + 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = middle > n || holds(middle) ? (low, middle) : (middle + 1, high);
        }

        return low;
    }
}
