namespace EdgeDaemon.Core.Audit.Segments;

/// <summary>
/// Tells what a power cut leaves of a write that was never synced from everything else. A disk writes sectors whole or not at all, in any order: so a frame is torn where
/// one of its sectors was never written, and the preallocated zeros are still there (etcd's write-ahead log has the same rule).
/// </summary>
internal static class TornTail
{
    public const int Sector = 512;

    /// <summary>Bytes from a place on, up to the last that is not zero; 0 where only zeros lie behind.</summary>
    public static long Extent(ISegmentBytes bytes, long from, byte[] buffer)
    {
        long extent = 0;
        for (long at = from; at < bytes.Length;)
        {
            int read = bytes.Read(at, buffer.AsSpan(0, (int)Math.Min(buffer.Length, bytes.Length - at)));
            if (read <= 0)
            {
                break;
            }

            int last = buffer.AsSpan(0, read).LastIndexOfAnyExcept((byte)0);
            if (last >= 0)
            {
                extent = at + last + 1 - from;
            }

            at += read;
        }

        return extent;
    }

    /// <summary>Whether the first bad frame can be one that was being written.</summary>
    /// <param name="bytes">The last segment.</param>
    /// <param name="frame">Where the frame begins.</param>
    /// <param name="extent">Of what lies from there on.</param>
    /// <param name="buffer">At least as long as the longest frame and two sectors.</param>
    public static bool IsTorn(ISegmentBytes bytes, long frame, long extent, byte[] buffer)
    {
        if (extent > Frame.LargestBatch)
        {
            return false;
        }

        // Whole sectors from the one that the frame begins in.
        long begin = frame & -Sector;
        int length = bytes.Read(begin, buffer.AsSpan(0, (int)Math.Min(buffer.Length, bytes.Length - begin)));
        ReadOnlySpan<byte> sectors = buffer.AsSpan(0, length);
        int at = (int)(frame - begin);
        int rest = Math.Min(Sector - at, sectors.Length - at);
        if (IsZero(sectors.Slice(at, rest)))
        {
            return true;
        }

        // The sector with the frame's beginning was written: then its length is right, and says which other sectors it has.
        if (sectors.Length - at < Frame.HeaderBytes || !Frame.BeginsWell(sectors[at..]))
        {
            return false;
        }

        int end = at + Frame.TotalBytes(Frame.Length(sectors[at..]));
        for (int sector = Sector; sector < end && sector < sectors.Length; sector += Sector)
        {
            if (IsZero(sectors.Slice(sector, Math.Min(Sector, sectors.Length - sector))))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsZero(ReadOnlySpan<byte> bytes) => bytes.IndexOfAnyExcept((byte)0) < 0;
}
