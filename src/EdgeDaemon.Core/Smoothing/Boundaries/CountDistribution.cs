using System.Numerics;

namespace EdgeDaemon.Core.Smoothing.Boundaries;

/// <summary>
/// The exact distribution of the count of agreements among the paths that are still undecided, moved from look to look. Only the band of counts that
/// carries probability is held; what is cut off at its ends is summed up, never dropped. All terms are positive, so relative errors only add up: the
/// number of roundings is counted, and bounds them (Higham, Accuracy and Stability of Numerical Algorithms, 3.1). The sums run in a fixed order
/// whatever the vectors' width: the same bits on every processor.
/// </summary>
public sealed class CountDistribution
{
    // Counts at the band's ends with less probability than this are cut off.
    private const double Negligible = 1e-21;

    // A kernel takes its samples times its width to make: a schedule with one look at a million must not take minutes.
    private const int LongestStep = 4096;

    private readonly BinomialKernels _kernels;
    private double[] _now = new double[64];
    private double[] _next = new double[64];
    private int _first;
    private int _length = 1;
    private long _roundings;

    /// <param name="kernels">Of the probability of an agreement.</param>
    public CountDistribution(BinomialKernels kernels)
    {
        _kernels = kernels;
        _now[0] = 1;
    }

    public int Samples { get; private set; }

    /// <summary>Probability that was cut off.</summary>
    public double Lost { get; private set; }

    /// <summary>What every probability here may be wrong by, relative to itself.</summary>
    public double RelativeError => 2 * (_roundings + 64) * 1.1102230246251565e-16;

    /// <summary>Probability that a path is undecided.</summary>
    public double Remaining
    {
        get
        {
            double sum = 0;
            foreach (double mass in _now.AsSpan(0, _length))
            {
                sum += mass;
            }

            return sum;
        }
    }

    /// <summary>Draws as many samples more.</summary>
    public void Advance(int samples)
    {
        for (int left = samples; left > 0;)
        {
            int step = Math.Min(left, LongestStep);
            BinomialKernel kernel = _kernels.Of(step);
            Convolve(kernel);
            Samples += step;
            Lost += kernel.Lost;
            _roundings += kernel.Roundings;
            Trim();
            left -= step;
        }
    }

    /// <summary>Takes away every path with at least as many agreements.</summary>
    /// <returns>Their probability.</returns>
    public double TakeAtLeast(int count)
    {
        int from = Math.Clamp(count - _first, 0, _length);
        double sum = 0;
        for (int i = _length - 1; i >= from; i--)
        {
            sum += _now[i];
        }

        _roundings += _length - from;
        _length = from;
        return sum;
    }

    /// <summary>Takes away every path with at most as many agreements.</summary>
    /// <returns>Their probability.</returns>
    public double TakeAtMost(int count)
    {
        int through = (int)Math.Clamp((long)count - _first + 1, 0, _length);
        double sum = 0;
        for (int i = 0; i < through; i++)
        {
            sum += _now[i];
        }

        _roundings += through;
        _length -= through;
        _first += through;
        _now.AsSpan(through, _length).CopyTo(_now);
        return sum;
    }

    // out[a] = sum over j of weights[j] * in[a - j], in the order of j.
    private void Convolve(BinomialKernel kernel)
    {
        double[] weights = kernel.Weights;
        int taps = weights.Length;
        int width = Vector<double>.Count;
        int length = _length + taps - 1;
        int padding = taps - 1;

        // The band with as many zeros before it and behind it as the weights reach: no case to tell apart within the loop.
        int needed = length + padding + (4 * width);
        if (_next.Length < needed)
        {
            _next = new double[needed * 2];
        }

        Span<double> source = _next.AsSpan(0, needed);
        source.Clear();
        _now.AsSpan(0, _length).CopyTo(source[padding..]);
        if (_now.Length < needed)
        {
            _now = new double[needed * 2];
        }

        Span<double> into = _now;
        for (int a = 0; a < length; a += 2 * width)
        {
            Vector<double> left = Vector<double>.Zero;
            Vector<double> right = Vector<double>.Zero;
            for (int j = 0; j < taps; j++)
            {
                ReadOnlySpan<double> from = source.Slice(a + padding - j, 2 * width);
                var weight = new Vector<double>(weights[j]);
                left += weight * new Vector<double>(from);
                right += weight * new Vector<double>(from[width..]);
            }

            left.CopyTo(into[a..]);
            right.CopyTo(into[(a + width)..]);
        }

        _first += kernel.First;
        _length = length;
    }

    private void Trim()
    {
        int start = 0;
        while (start < _length && _now[start] < Negligible)
        {
            Lost += _now[start++];
        }

        while (_length > start && _now[_length - 1] < Negligible)
        {
            Lost += _now[--_length];
        }

        if (start > 0)
        {
            _length -= start;
            _first += start;
            _now.AsSpan(start, _length).CopyTo(_now);
        }
    }
}
