namespace EdgeDaemon.Core.Smoothing.Boundaries;

/// <summary>Which counts a family of boundaries takes for equally convincing. A shape only proposes integers: their error is computed, whatever proposed them.</summary>
public interface IBoundaryShape
{
    /// <summary>How much A counts among N speak against p0; rises with A from p0 * N on.</summary>
    /// <param name="counts">At least 1.</param>
    /// <param name="p0">In (0, 1).</param>
    double Statistic(int counts, int samples, double p0);
}

/// <summary>A shape cut at a constant.</summary>
public static class BoundaryShapes
{
    /// <summary>The smallest A of [ceil(p0 N), N] whose statistic is above c, or <see cref="BoundaryTable.Never"/>.</summary>
    public static int Bound(this IBoundaryShape shape, int samples, double p0, double c)
    {
        int low = Math.Max(1, (int)Math.Ceiling(p0 * samples));
        int high = samples;
        if (low > samples || !(shape.Statistic(samples, samples, p0) > c))
        {
            return BoundaryTable.Never;
        }

        while (low < high)
        {
            int middle = low + ((high - low) / 2);
            if (shape.Statistic(middle, samples, p0) > c)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }

    /// <summary>For every look.</summary>
    public static int[] Bounds(this IBoundaryShape shape, LookSchedule looks, double p0, double c)
    {
        int[] bounds = new int[looks.Count];
        for (int i = 0; i < bounds.Length; i++)
        {
            bounds[i] = shape.Bound(looks[i], p0, c);
        }

        return bounds;
    }
}
