using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Core.Audit.Tree;

namespace EdgeDaemon.Core.Audit.Segments;

/// <summary>
/// Verifies many segments at once, each as if the log began with it: its header states the tree before it, and the chain the key. That is believed only where the segment before was found
/// to end so. Whatever does not hold, or cannot be known that way, ends this without a word: the pass that goes one after the other says what it is, and alone refuses a log.
/// </summary>
/// <param name="first">Key of epoch 0.</param>
/// <param name="chain">Certifies every epoch that a segment begins in.</param>
/// <param name="whole">Whether the log must begin at sequence 0.</param>
/// <param name="kept">A checkpoint kept elsewhere that the log must contain, or null.</param>
/// <param name="readsRecords">Also read every record to its end.</param>
/// <param name="hasher">How the tree is hashed.</param>
/// <param name="most">Segments at once.</param>
internal sealed class SegmentsAtOnce(NoteVerifier first, EpochChain chain, bool whole, KeptCheckpoint? kept, bool readsRecords, TreeHasher hasher, int most)
{
    // What is found waits for its turn to be joined: so many segments, however long the log is.
    private const int WaitingPerWorker = 8;

    /// <param name="segments">In the order of their numbers; two threads never read the same one.</param>
    /// <param name="cancellation">Ends it between two frames.</param>
    /// <returns>The verdict on a log that holds; null where the other pass must judge.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public SpoolVerdict? Verify(IReadOnlyList<ISegmentBytes> segments, CancellationToken cancellation)
    {
        VerificationState? end = null;
        int count = most * WaitingPerWorker;
        for (int from = 0; from < segments.Count; from += count)
        {
            VerificationState?[] found = Find(segments, from, Math.Min(count, segments.Count - from), cancellation);
            foreach (VerificationState? next in found)
            {
                if (next is null || (end is not null && !next.TryJoin(end)))
                {
                    return null;
                }

                end = next;
            }
        }

        return Finish(end!);
    }

    private SpoolVerdict? Finish(VerificationState end)
    {
        try
        {
            end.Finish();
            kept?.Finish(end.Size); // Another segment may have met it.
        }
        catch (SpoolFaultException)
        {
            return null;
        }

        end.Verdict.ConsistentSince = kept?.Size;
        return end.Verdict;
    }

    // What each segment is by itself; null for one that does not hold, and for those that nobody looked at any more.
    private VerificationState?[] Find(IReadOnlyList<ISegmentBytes> segments, int from, int count, CancellationToken cancellation)
    {
        var found = new VerificationState?[count];
        SegmentHeader?[] headers = Headers(segments, from, Math.Min(count + 1, segments.Count - from));
        var options = new ParallelOptions { MaxDegreeOfParallelism = most, CancellationToken = cancellation };
        Parallel.For(0, count, options, (at, loop) =>
        {
            SegmentHeader? next = at + 1 < headers.Length ? headers[at + 1] : null;
            bool isLast = from + at == segments.Count - 1;
            if (headers[at] is { } header && (isLast || next is not null))
            {
                found[at] = FindOne(segments[from + at], header, next, isFirst: from + at == 0, cancellation);
            }

            if (found[at] is null)
            {
                loop.Stop();
            }
        });
        return found;
    }

    private VerificationState? FindOne(ISegmentBytes bytes, SegmentHeader header, SegmentHeader? next, bool isFirst, CancellationToken cancellation)
    {
        // The kept checkpoint is met where its size is reached; behind the last frame by the segment after, or by the end.
        KeptCheckpoint? here = kept is not null && header.FirstSequence <= kept.Size && (next is null || kept.Size < next.FirstSequence) ? kept : null;
        var verdict = new SpoolVerdict { Origin = first.Name };
        var state = new VerificationState(verdict, first, chain, whole && isFirst, here, new FrameHashing(here, null, hasher));
        try
        {
            SegmentVerification.Of(new SegmentWalk(bytes), next, next is null, state, readsRecords, cancellation);
            state.Describe();
            return state;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // Whatever it is, the other pass comes upon it too, and throws it as it is and not in a bundle of many threads'.
            return null;
        }
        finally
        {
            bytes.Close();
        }
    }

    private static SegmentHeader?[] Headers(IReadOnlyList<ISegmentBytes> segments, int from, int count)
    {
        var headers = new SegmentHeader?[count];
        byte[] buffer = new byte[SegmentHeader.Length];
        for (int at = 0; at < count; at++)
        {
            try
            {
                headers[at] = SegmentHeader.Read(segments[from + at], buffer);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
            }

            segments[from + at].Close();
        }

        return headers;
    }
}
