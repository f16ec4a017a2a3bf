using System.Collections.Immutable;
using System.Runtime.InteropServices;
using EdgeDaemon.Core.Smoothing;
using EdgeDaemon.Core.Smoothing.Boundaries;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Core.Smoothing.Noise;
using EdgeDaemon.Core.Smoothing.Statistics;

namespace EdgeDaemon.Engine.Smoothing;

/// <summary>
/// One input's way from its first noisy sample to its answer. Samples have numbers, are handed out in their order and come back in it, in whatever runs they were; what a sample is depends
/// on its number and the input's key alone, so that nothing here depends on how runs were cut. Not thread-safe: its run's.
/// </summary>
internal sealed class SmoothedInput
{
    private readonly SmoothingQuestion _question;
    private readonly Selection _selection;
    private readonly int[] _counts; // of certification, or prediction, up to the last look
    private readonly int[] _since; // since the last look, which nothing is said of before the next
    private readonly (RadiusVerdict Verdict, int Samples, int Agreements)[] _steps;
    private readonly int _period;
    private NoiseKey _key;
    private ChosenClass _chosen;
    private SequentialDecision _sequential;
    private FixedSizeDecision _fixed;
    private int _taken; // samples that came back
    private int _samples; // of certification, counted in _counts or failed
    private int _given; // radii from this one on are given up

    /// <param name="place">Among the request's inputs.</param>
    /// <param name="bytes">The input as the caller sent it.</param>
    /// <param name="key">Of its noise.</param>
    /// <param name="question">The request's.</param>
    /// <param name="classes">Elements of a row of the output.</param>
    public SmoothedInput(int place, ReadOnlyMemory<byte> bytes, NoiseKey key, SmoothingQuestion question, int classes)
    {
        Place = place;
        Bytes = bytes;
        _key = key;
        _question = question;
        _counts = new int[classes];
        _since = new int[classes];
        _selection = new Selection(classes);
        if (question.Selection > 0)
        {
            _selection.Begin(question.Selection);
        }

        _given = question.Ladder?.Count ?? 0;
        _steps = new (RadiusVerdict, int, int)[_given];
        _steps.AsSpan().Fill((RadiusVerdict.Undecided, 0, 0));
        _period = question.Ladder?.Looks[0] ?? question.Samples;
    }

    public int Place { get; }

    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>No more samples are wanted: <see cref="Stopped"/> says why.</summary>
    public bool IsOver { get; private set; }

    public StoppedBy Stopped { get; private set; }

    /// <summary>How many samples were handed out: the number of the next.</summary>
    public int Handed { get; private set; }

    /// <summary>Whether a sample more can be of use.</summary>
    public bool WantsMore => !IsOver && Handed < _question.SamplesOfInput;

    /// <summary>What selection chose; -1 for none.</summary>
    public int Chosen => _question.Mode == SmoothingMode.Predict ? SampleTally.From(_samples, _counts).Largest() : _chosen.Index;

    /// <summary>Nothing is answered.</summary>
    public bool Abstained { get; private set; } = true;

    /// <summary>In the units of the tensor that received the noise, rounded down; 0 without a certificate.</summary>
    public double Radius { get; private set; }

    /// <summary>Samples that chose, those that never came among the failed ones.</summary>
    public SampleTally Selected => SampleTally.From(_question.Selection, _selection.Counts);

    /// <summary>Samples that certify, or predict, up to the last look.</summary>
    public SampleTally Counted => SampleTally.From(_samples, _counts);

    /// <summary>Samples that were run, counted or not.</summary>
    public int Drawn => _taken;

    /// <summary>One for each radius that was asked for.</summary>
    public ImmutableArray<LadderStep> Steps
    {
        get
        {
            var steps = ImmutableArray.CreateBuilder<LadderStep>(_steps.Length);
            for (int i = 0; i < _steps.Length; i++)
            {
                (RadiusVerdict verdict, int samples, int agreements) = _steps[i];
                steps.Add(new LadderStep(_question.Ladder!.Radii[i], Convert.ToHexStringLower(_question.Ladder[i].Digest), verdict, samples, agreements));
            }

            return steps.ToImmutable();
        }
    }

    /// <summary>The number of a sample that was not handed out before.</summary>
    public int HandOut() => Handed++;

    /// <summary>Writes a noisy sample. From any thread; false: it must count as failed, whatever the model says to it.</summary>
    public bool TryAdd(int sample, Span<float> row) => _question.Noise.TryAdd(_key, (ulong)sample, 0, Bytes.Span, row);

    /// <summary>The next sample's class came, in the order in which they were handed out; what comes when all is decided is of no account.</summary>
    /// <param name="choice"><see cref="Votes.None"/>: NaN, a run that failed or was late. It is against every class.</param>
    public void Take(int choice)
    {
        if (IsOver)
        {
            return;
        }

        _taken++;
        if (_taken <= _question.Selection)
        {
            _selection.Count(MemoryMarshal.CreateReadOnlySpan(ref choice, 1));
            if (_selection.Complete)
            {
                Choose();
            }

            return;
        }

        if ((uint)choice < (uint)_since.Length)
        {
            _since[choice]++;
        }

        int sample = _taken - 1;
        int certified = _taken - _question.Selection;
        switch (_question.Mode)
        {
            case SmoothingMode.Sequential:
                _sequential.Count(sample, MemoryMarshal.CreateReadOnlySpan(ref choice, 1));
                if (certified % _period == 0)
                {
                    Look(certified);
                }

                break;
            case SmoothingMode.Fixed:
                _fixed.Count(sample, MemoryMarshal.CreateReadOnlySpan(ref choice, 1));
                break;
        }

        if (!IsOver && certified == _question.Samples)
        {
            Close(StoppedBy.Samples);
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

    private void Choose()
    {
        _chosen = _selection.Choose();
        if (_chosen.Index < 0)
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

    private void Look(int samples)
    {
        Commit(samples);
        RadiusLadder ladder = _question.Ladder!;
        int look = _sequential.Looks - 1, agreements = _sequential.Agreements;
        for (int i = 0; i < _given; i++)
        {
            if (_steps[i].Verdict == RadiusVerdict.Undecided)
            {
                _steps[i] = (i <= _sequential.Certified ? RadiusVerdict.Certified : RadiusVerdict.Undecided, samples, agreements);
            }
        }

        // Which are given up, and when, a certificate tells for each. A larger radius is as hopeless as a smaller one.
        for (int i = _sequential.Certified + 1; i < _given; i++)
        {
            if (samples - agreements >= ladder[i].Down[look])
            {
                _steps.AsSpan(i, _given - i).Fill((RadiusVerdict.Futile, samples, agreements));
                _given = i;
            }
        }

        if (_sequential.Verdict is Verdict.Certified or Verdict.Futile)
        {
            Close(StoppedBy.Decided);
        }
    }

    private void Commit(int samples)
    {
        _samples = samples;
        for (int i = 0; i < _since.Length; i++)
        {
            _counts[i] += _since[i];
        }

        Array.Clear(_since);
    }

    private void Close(StoppedBy reason)
    {
        IsOver = true;
        Stopped = reason;
        switch (_question.Mode)
        {
            case SmoothingMode.Sequential when _chosen.Index >= 0:
                _sequential.Stop();
                Radius = _sequential.Radius;
                break;
            case SmoothingMode.Fixed when _chosen.Index >= 0:
                // The number was promised before the first sample: who stops early leaves it, else an adversary's slow samples would choose when.
                Commit(_question.Samples);
                Radius = _fixed.Radius;
                break;
            case SmoothingMode.Predict:
                Commit(_question.Samples);
                Predict();
                return;
            default:
                _chosen = _selection.Choose();
                break;
        }

        Abstained = Radius <= 0;
    }

    // What failed or never came may have been any class's, or one of its own: the test is against the worst.
    private void Predict()
    {
        int missing = _question.Samples - _taken, failed = _taken;
        int top = Chosen, second = 0;
        for (int i = 0; i < _counts.Length; i++)
        {
            failed -= _counts[i];
            second = i == top ? second : Math.Max(second, _counts[i]);
        }

        second = Math.Max(second, failed) + missing;
        Abstained = top == Votes.None || second > _counts[top] || !Core.Smoothing.Statistics.Predict.Holds(_counts[top], second, _question.Alpha);
    }
}
