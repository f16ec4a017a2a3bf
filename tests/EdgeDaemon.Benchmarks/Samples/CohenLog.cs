using System.Globalization;
using EdgeDaemon.Core.Smoothing.Statistics;

namespace EdgeDaemon.Benchmarks.Samples;

/// <summary>
/// The probabilities behind a published log of certificates (locuslab/smoothing: n = 100,000; it saturates where alpha = 0.01 does). A radius gives the
/// bound, the bound the count, and the count over n is taken for the probability. Who abstained is taken for 1/2, which is the most expensive there is.
/// </summary>
internal static class CohenLog
{
    public const int Samples = 100_000;

    private const double Alpha = 0.01;

    // Radii come in three digits: what lies just above a bound by that is still that bound's.
    private const double Slack = 1e-9;

    /// <summary>Probability -> how many images have it.</summary>
    public static SortedDictionary<double, int> Read(string file, double sigma)
    {
        var bounds = new Dictionary<int, double>();
        double Bound(int count) => bounds.TryGetValue(count, out double known) ? known : bounds[count] = ClopperPearson.Lower(count, Samples, Alpha);

        var images = new SortedDictionary<double, int>();
        foreach (string line in File.ReadLines(file).Skip(1))
        {
            string[] cells = line.Split('\t');
            double p = 0.5;
            if (int.Parse(cells[2], CultureInfo.InvariantCulture) >= 0)
            {
                double bound = NormalProbability.Above(double.Parse(cells[3], CultureInfo.InvariantCulture) / sigma) - Slack;
                int low = Samples / 2, high = Samples;
                while (low < high)
                {
                    int middle = (low + high) / 2;
                    (low, high) = Bound(middle) >= bound ? (low, middle) : (middle + 1, high);
                }

                p = (double)low / Samples;
            }

            images[p] = images.GetValueOrDefault(p) + 1;
        }

        return images;
    }

    public static string Name(string net, double sigma) =>
        string.Create(CultureInfo.InvariantCulture, $"certify_{net}_noise_{sigma:f2}_test_sigma_{sigma:f2}.tsv");
}
