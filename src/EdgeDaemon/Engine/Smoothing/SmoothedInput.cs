using System.Runtime.InteropServices;
using EdgeDaemon.Core.Smoothing;
using EdgeDaemon.Core.Smoothing.Boundaries;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Core.Smoothing.Noise;

namespace EdgeDaemon.Engine.Smoothing;

/// <summary>
/// One input's way from its first noisy sample to its answer. Samples have numbers and are handed out in their order; they come back as the runs end that they were in, one's own or another
/// certification's, and count in their order again: a look that saw the first to come would choose the path by who was fast. What a sample is depends on its number and the input's key alone, so
/// that nothing here depends on how runs were cut. Not thread-safe: its run's.
/// </summary>
internal sealed class SmoothedInput
{
    // The object, its decisions, and the heads of its arrays.
    private const int Fixed = 512;

    // Has not come back.
    private const int Missing = int.MinValue;

    private readonly SmoothingQuestion _question;
    private readonly Selection _selection;
    private readonly int[] _counts; // of certification, or prediction
    private readonly int[] _early; // classes of samples that came before one with a smaller number, each at its number modulo the length
    private NoiseKey _key;
    private ChosenClass _chosen;
    private SequentialDecision _sequential;
    private FixedSizeDecision _fixed;
    private int _samples; // of certification, or prediction

    /// <param name="place">Among the request's inputs.</param>
    /// <param name="bytes">The input as the caller sent it.</param>
    /// <param name="key">Of its noise.</param>
    /// <param name="question">The request's.</param>
    /// <param name="classes">Elements of a row of the output.</param>
    /// <param name="away">Samples that may be handed out and not have come back, 1 at least: so many classes wait here for those before them.</param>
    public SmoothedInput(int place, ReadOnlyMemory<byte> bytes, NoiseKey key, SmoothingQuestion question, int classes, int away)
    {
        Place = place;
        _early = new int[Math.Min(away, question.SamplesOfInput)];
        Array.Fill(_early, Missing);
        Bytes = bytes;
        _key = key;
        _question = question;
        _counts = new int[classes];
        _selection = new Selection(classes);
        if (question.Selection > 0)
        {
            _selection.Begin(question.Selection);
        }
    }

    /// <summary>Memory that one takes, beside the input's own: a count of each class for the samples that choose and for those that certify, and a class for each sample that may come early.</summary>
    public static long MemoryOf(int classes, int away) => Fixed + (2L * sizeof(int) * classes) + (sizeof(int) * (long)away);

    public int Place { get; }

    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>No more samples are wanted: <see cref="Stopped"/> says why.</summary>
    public bool IsOver { get; private set; }

    public StoppedBy Stopped { get; private set; }

    /// <summary>How many samples were handed out: the number of the next.</summary>
    public int Handed { get; private set; }

    /// <summary>The number of the sample that counts next: all before it have come back.</summary>
    public int Next { get; private set; }

    /// <summary>Samples of its that were run and are to be run again with others like them.</summary>
    public int Deferred { get; set; }

    /// <summary>Whether a sample more can be of use now: there is a place for it until those before it are back, and no look before it that waits for one which is deferred.</summary>
    public bool WantsMore => !IsOver && Handed < (Deferred == 0 ? _question.SamplesOfInput : NextLook) && Handed - Next < _early.Length;

    /// <summary>It will want no more, whatever comes back.</summary>
    public bool HasAll => IsOver || Handed == _question.SamplesOfInput;

    /// <summary>So many samples can be handed out if one that is away is deferred.</summary>
    public int Ahead => IsOver ? 0 : Math.Max(0, Math.Min(NextLook, Next + _early.Length) - Handed);

    // Where it can be over, by what is counted so far.
    private int NextLook
    {
        get
        {
            if (_question.Mode != SmoothingMode.Sequential)
            {
                return _question.SamplesOfInput;
            }

            int look = _question.Ladder!.Looks.Looks.BinarySearch(_samples + 1);
            look = look < 0 ? ~look : look;
            return Math.Min(_question.SamplesOfInput, look < _question.Ladder.Looks.Count ? _question.Selection + _question.Ladder.Looks[look] : int.MaxValue);
        }
    }

    /// <summary>What selection chose, or a prediction found most often; <see cref="Votes.None"/> when every sample failed.</summary>
    public int Class { get; private set; } = Votes.None;

    /// <summary>Nothing is answered.</summary>
    public bool Abstained { get; private set; } = true;

    /// <summary>In the units of the tensor that received the noise, rounded down; 0 without a certificate.</summary>
    public double Radius { get; private set; }

    /// <summary>What the radius rests on: so many samples of certification, and how many of them chose the class. 0 without a radius.</summary>
    public (int Samples, int Agreements) Basis { get; private set; }

    /// <summary>Samples that chose.</summary>
    public SampleTally Selected => SampleTally.From(_selection.Samples, _selection.Counts);

    /// <summary>Samples that certify, or predict.</summary>
    public SampleTally Counted => SampleTally.From(_samples, _counts);

    /// <summary>All samples that count in one way or the other.</summary>
    public int Samples => _selection.Samples + _samples;

    /// <summary>The number of a sample that was not handed out before.</summary>
    public int HandOut() => Handed++;

    /// <summary>Writes a noisy sample. From any thread; false: it must count as failed, whatever the model says to it.</summary>
    public bool TryAdd(int sample, Span<float> row) => _question.Noise.TryAdd(_key, (ulong)sample, 0, Bytes.Span, row);

    /// <summary>A sample's class came. It counts once all before it have come; what comes when all is decided is of no account.</summary>
    /// <param name="sample">Its number; each comes once.</param>
    /// <param name="choice"><see cref="Votes.None"/>: NaN, a run that failed or was late. It is against every class.</param>
    /// <exception cref="ArgumentOutOfRangeException">It has come before, or is further ahead than any may be.</exception>
    public void Take(int sample, int choice)
    {
        if (IsOver)
        {
            return;
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(sample, Next);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(sample, Next + _early.Length);
        ref int place = ref _early[sample % _early.Length];
        ArgumentOutOfRangeException.ThrowIfNotEqual(place, Missing, nameof(sample));
        place = choice;
        while (!IsOver && _early[Next % _early.Length] is not Missing and var next)
        {
            _early[Next % _early.Length] = Missing;
            Next++;
            TakeNext(next);
        }
    }

    /// <summary>Nothing more comes. What stands, stands: of a sequential question what the last look found; of a fixed number, all that is missing counts against the class.</summary>
    public void Stop(StoppedBy reason)
    {
        if (!IsOver)
        {
            Close(reason);
        }
    }

    /// <summary>The key is of no use any more.</summary>
    public void Forget() => NoiseKey.Clear(ref _key);

    private void TakeNext(int choice)
    {
        ReadOnlySpan<int> one = MemoryMarshal.CreateReadOnlySpan(ref choice, 1);
        if (_selection.Samples < _question.Selection)
        {
            _selection.Count(one);
            if (_selection.Complete)
            {
                Choose();
            }

            return;
        }

        if ((uint)choice < (uint)_counts.Length)
        {
            _counts[choice]++;
        }

        _samples++;
        if (_question.Mode == SmoothingMode.Sequential)
        {
            Count(one);
        }
        else if (_question.Mode == SmoothingMode.Fixed)
        {
            _fixed.Count(_fixed.NextSample, one);
        }

        if (!IsOver && _samples == _question.Samples)
        {
            Close(_question.Mode == SmoothingMode.Sequential ? StoppedBy.Samples : StoppedBy.Completed);
        }
    }

    private void Choose()
    {
        _chosen = _selection.Choose();
        Class = _chosen.Index;
        if (Class < 0)
        {
            Close(StoppedBy.Samples); // Every sample failed: there is no class to certify.
        }
        else if (_question.Mode == SmoothingMode.Sequential)
        {
            _sequential = new SequentialDecision(_question.Ladder!, _chosen);
        }
        else
        {
            _fixed = new FixedSizeDecision(_chosen, _question.Samples, _question.Alpha, _question.Sigma);
        }
    }

    private void Count(ReadOnlySpan<int> one)
    {
        int certified = _sequential.Certified;
        Verdict verdict = _sequential.Count(_sequential.NextSample, one);
        if (_sequential.Certified > certified)
        {
            Basis = (_sequential.Samples, _sequential.Agreements);
        }

        if (verdict is Verdict.Certified or Verdict.Futile)
        {
            Close(verdict == Verdict.Certified ? StoppedBy.Certified : StoppedBy.Futile);
        }
    }

    private void Close(StoppedBy reason)
    {
        IsOver = true;
        Stopped = reason;
        if (_question.Mode == SmoothingMode.Predict)
        {
            Predict();
            return;
        }

        if (_chosen.Index < 0)
        {
            Class = _selection.Choose().Index; // Of the samples that came: named, never certified.
            return;
        }

        if (_question.Mode == SmoothingMode.Sequential)
        {
            _sequential.Stop();
            Radius = _sequential.Radius;
        }
        else
        {
            // The number was promised before the first sample: who ends early leaves it, and what is missing is against the class. Else slow samples would choose the end.
            Radius = _fixed.Radius;
            Basis = Radius > 0 ? (_samples, _fixed.Agreements) : default;
        }

        Abstained = Radius <= 0;
    }

    // What failed, and what never came, may all have been the second's: whoever makes runs of one class fail or come late must not make the other one sure.
    private void Predict()
    {
        int failed = _samples, second = 0, top = 0;
        for (int i = 0; i < _counts.Length; i++)
        {
            failed -= _counts[i];
            top = _counts[i] > _counts[top] ? i : top;
        }

        for (int i = 0; i < _counts.Length; i++)
        {
            second = i == top ? second : Math.Max(second, _counts[i]);
        }

        second += failed + _question.Samples - _samples;
        Class = _counts[top] == 0 ? Votes.None : top;
        Abstained = second > _counts[top] || !Core.Smoothing.Statistics.Predict.Holds(_counts[top], second, _question.Alpha);
    }
}
