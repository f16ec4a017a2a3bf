namespace EdgeDaemon.Ctl.Images;

/// <summary>The five row filters of PNG (section 9), undone in place.</summary>
internal static class PngFilter
{
    /// <param name="kind">The row's filter byte.</param>
    /// <param name="row">The filtered row; afterwards the real one.</param>
    /// <param name="above">The real row above, zeros for the first.</param>
    /// <param name="step">Bytes to the corresponding byte of the pixel before.</param>
    public static void Undo(byte kind, Span<byte> row, ReadOnlySpan<byte> above, int step)
    {
        if (kind > 4)
        {
            throw new ImageException($"it is damaged: filter {kind} does not exist");
        }

        for (int i = 0; i < row.Length; i++)
        {
            int left = i >= step ? row[i - step] : 0;
            int corner = i >= step ? above[i - step] : 0;
            int guess = kind switch
            {
                1 => left,
                2 => above[i],
                3 => (left + above[i]) / 2,
                4 => Paeth(left, above[i], corner),
                _ => 0,
            };
            row[i] = (byte)(row[i] + guess);
        }
    }

    private static int Paeth(int left, int above, int corner)
    {
        int estimate = left + above - corner;
        int toLeft = Math.Abs(estimate - left);
        int toAbove = Math.Abs(estimate - above);
        int toCorner = Math.Abs(estimate - corner);
        return toLeft <= toAbove && toLeft <= toCorner ? left : toAbove <= toCorner ? above : corner;
    }
}
