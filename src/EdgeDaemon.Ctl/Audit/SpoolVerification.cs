using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Core.Audit.Segments;
using EdgeDaemon.Ctl.Answers;
using EdgeDaemon.Native.OpenSsl;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Ctl.Audit;

/// <summary>
/// The whole verification of a folder that the daemon may be writing to. A fault in the newest segment that is gone a moment later was a batch half written,
/// and a segment that vanishes was removed by rule: then all is done again.
/// </summary>
/// <param name="folder">The log's.</param>
/// <param name="key">Of epoch 0.</param>
internal sealed class SpoolVerification(SpoolFolder folder, NoteVerifier key)
{
    private const int NoEntry = 2; // ENOENT
    private const int Tries = 3;

    /// <summary>How long a batch may be half there.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>A checkpoint that was kept elsewhere.</summary>
    public SignedNote? Since { get; init; }

    /// <summary>Whether the oldest segments may have been removed by rule.</summary>
    public bool AllowsRemoved { get; init; }

    /// <summary>Gets each frame; of a verification that is done again, from the first one on. With one, segments are verified one after the other.</summary>
    public FrameVisitor? Visitor { get; init; }

    /// <summary>Told when a verification begins, with the segments known and not yet read: once, or again.</summary>
    public Action? Begins { get; init; }

    /// <exception cref="CtlException">The epochs' certificates are none, or not by this key.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public SpoolVerdict Verify(ProgressLine progress, CancellationToken cancellation)
    {
        for (int tries = 1; ; tries++)
        {
            try
            {
                SpoolVerdict verdict = Once(progress, cancellation);
                if (verdict.Fault is not { } fault || tries == Tries || !WasHalfWritten(fault))
                {
                    return verdict;
                }
            }
            catch (IOException gone) when (tries < Tries && gone is FileNotFoundException or PosixException { Errno: NoEntry })
            {
                // Retention removed a segment under this.
            }
        }
    }

    private SpoolVerdict Once(ProgressLine progress, CancellationToken cancellation)
    {
        long all = 0;
        EpochChain? chain = Chain(out CtlException? unusable); // First: a certificate is in the log before it is in this file, so what is read later is never behind it.
        using var files = new SegmentFiles(folder.Segments(), done => progress.Show("verified", done, all));
        all = files.Bytes;
        Begins?.Invoke();
        var verifier = new SpoolVerifier(key)
        {
            Chain = chain,
            IsWhole = !AllowsRemoved,
            Since = Since,
            ChecksRecords = true,
            Visitor = Visitor,
            Hasher = HasherChoice.Fastest,
            AtOnce = Environment.ProcessorCount,
        };
        SpoolVerdict verdict = verifier.Verify(files.All, cancellation);

        // What is wrong with the log itself says more than what is wrong beside it.
        return verdict.Fault is null && unusable is not null ? throw unusable : verdict;
    }

    // Null where it is none, which a log that is to be whole can be judged without.
    private EpochChain? Chain(out CtlException? unusable)
    {
        unusable = null;
        try
        {
            return EpochChain.Read(key, folder.Epochs());
        }
        catch (AuditFormatException broken)
        {
            unusable = new CtlException($"{Path.Combine(folder.Path, SpoolLayout.Epochs)}: {broken.Message}: somebody changed it; it says which epochs have begun, and without it a log whose first segments were removed cannot be verified: put a copy back", broken);
            if (AllowsRemoved)
            {
                throw unusable;
            }

            return null;
        }
    }

    // The frame that did not hold is looked for again: one that is whole by now was being written.
    private bool WasHalfWritten(SpoolFault fault)
    {
        IReadOnlyList<string> segments = folder.Segments();
        if (fault.Name.Length == 0 || Array.IndexOf([.. segments], fault.Name) < segments.Count - 2)
        {
            return false;
        }

        try
        {
            using SpoolSegment segment = SpoolSegment.Open(fault.Name);
            var waited = System.Diagnostics.Stopwatch.StartNew();
            var cursor = new SegmentCursor(segment);
            while (cursor.Offset <= fault.Offset)
            {
                if (cursor.Read(long.MaxValue) != FrameFound.Frame)
                {
                    if (waited.Elapsed > Patience)
                    {
                        return false;
                    }

                    cursor.Forget();
                    Thread.Sleep(Pause);
                }
            }

            // Whole from the beginning, by its checksums: what the verifier minds is no matter of time.
            return fault.Kind is SpoolFaultKind.Frame or SpoolFaultKind.Checksum or SpoolFaultKind.Sequence or SpoolFaultKind.Tail;
        }
        catch (CtlException)
        {
            return false;
        }
    }
}
