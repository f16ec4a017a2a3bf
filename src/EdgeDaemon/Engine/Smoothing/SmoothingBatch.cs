using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;
using EdgeDaemon.Core.Smoothing;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Engine.Voting;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Engine.Smoothing;

/// <summary>
/// The tensor of one run: rows of input + noise, written where the engine reads them, on a thread of the runtime's pool while the lane runs the other batch. Always
/// as many rows: what a row is answered may depend in its last bits on how many lie beside it, and the classifier must be one function (rule S4). Rows that its own certification does not
/// need are other certifications' samples while it is run, or keep what they had. What is said of its samples is under its run's gate.
/// </summary>
internal sealed class SmoothingBatch : IThreadPoolWorkItem, IValueTaskSource
{
    private readonly TensorBlock _block;
    private readonly int _elements;
    private readonly Row[] _rows;
    private ManualResetValueTaskSourceCore<bool> _source; // mutable struct: not readonly

    /// <param name="block">Of exactly the shape's bytes; whoever made it gives it back.</param>
    /// <param name="shape">The first dimension counts the rows.</param>
    public SmoothingBatch(TensorBlock block, in TensorShape shape)
    {
        _block = block;
        _rows = new Row[shape[0]];
        shape.TryElementCount(out long elements);
        _elements = (int)(elements / shape[0]);
        Inputs = new[] { new EngineInput(shape, block, elements * sizeof(float)) };
        _source.SetResult(true);
    }

    /// <summary>As the engine takes it.</summary>
    public ReadOnlyMemory<EngineInput> Inputs { get; }

    public long Bytes => Inputs.Span[0].Bytes;

    public int Rows => _rows.Length;

    /// <summary>Rows that are samples.</summary>
    public int Used { get; private set; }

    /// <summary>Whose it is; null before it is planned.</summary>
    public SmoothingRun? Run { get; set; }

    /// <summary>Others' samples in its run.</summary>
    public GuestRows Guests { get; } = new();

    /// <summary>Another number for other samples.</summary>
    public int Turn { get; private set; }

    /// <summary>Some of its samples are in others' runs, and could be of use.</summary>
    public bool HasLent => Any(RowState.Lent);

    /// <summary>Its rows are written; at once where nothing is under way.</summary>
    public ValueTask Filled => new(this, _source.Version);

    /// <summary>No row is a sample.</summary>
    public void Clear()
    {
        Turn++;
        Used = 0;
    }

    /// <summary>One more row is a sample. While nothing is being written.</summary>
    public void Add(SmoothedInput input, int sample) => _rows[Used++] = new Row { Input = input, Sample = sample, State = RowState.Waiting };

    /// <summary>Begins to write the rows, elsewhere.</summary>
    public void BeginFill()
    {
        _source.Reset();
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Writes the rows here.</summary>
    public void Fill()
    {
        for (int i = 0; i < Used; i++)
        {
            ref Row row = ref _rows[i];

            // Decided since it was planned: its noise would be for nothing.
            row.Counts = row.Input.IsOver || row.Input.TryAdd(row.Sample, RowOf(i));
        }
    }

    /// <summary>Whether any of its samples has no answer yet and could be of use.</summary>
    public bool IsWanted() => Any(RowState.Waiting) || HasLent;

    /// <summary>A run over it is to begin; false: it would be of no use. Rows that are nobody's are there for others.</summary>
    public bool BeginRun()
    {
        Guests.Begin();
        for (int i = 0; i < _rows.Length; i++)
        {
            if (i >= Used || _rows[i].State == RowState.Answered || _rows[i].Input.IsOver)
            {
                Guests.Free(i);
            }
        }

        return Any(RowState.Waiting);
    }

    /// <summary>Its run is over. Whoever of its guests has no answer runs his own; and their rows are not left lying here, where they would fail the next run as they may have failed this one, and outlast their requests.</summary>
    /// <param name="lost">The run is still inside: its tensor is not touched.</param>
    public void EndRun(bool lost)
    {
        Guests.GiveBack(alone: false);
        if (!lost)
        {
            foreach (int place in Guests.Places)
            {
                RowOf(place).Clear();
            }
        }

        Guests.Begin();
    }

    /// <summary>Copies its samples into another's run, as far as there are places; none when all its rows wait, since then its own run is as full as any.</summary>
    public void Lend(SmoothingBatch to)
    {
        int waiting = 0;
        foreach (ref readonly Row row in _rows.AsSpan(0, Used))
        {
            waiting += row.Waits ? 1 : 0;
        }

        for (int i = 0; i < Used && waiting < Rows && to.Guests.HasPlace; i++)
        {
            // A draw that was in doubt is against every class, whatever a run says to it.
            if (_rows[i] is { Waits: true, Counts: true })
            {
                RowOf(i).CopyTo(to.RowOf(to.Guests.Add(this, i)));
                _rows[i].State = RowState.Lent;
            }
        }
    }

    /// <summary>Gives the class of each sample that its own run answered to its input: the largest logit, the lowest of several, and none where they are no numbers.</summary>
    /// <param name="logits">A row of as many as there are classes for each of the run's rows.</param>
    /// <param name="classes">How many.</param>
    /// <param name="rule">By which members voted; the mean of one.</param>
    /// <param name="votes">Says which rows were left open; null: none.</param>
    /// <param name="gather">Where those go.</param>
    public void Settle(ReadOnlySpan<float> logits, int classes, VoteRule rule = VoteRule.Mean, VoteResult? votes = null, SmoothingBatch? gather = null)
    {
        for (int i = 0; i < Used; i++)
        {
            if (_rows[i] is { Waits: true, Counts: true } && votes?.Row(i).IsOpen == true)
            {
                gather!.Adopt(this, i);
                _rows[i].State = RowState.Answered; // By another run, for another batch.
            }
            else if (_rows[i].State == RowState.Waiting)
            {
                Answer(i, _rows[i].Counts ? Votes.Choice(rule, logits.Slice(i * classes, classes)) : Votes.None);
            }
        }

        ClearWhenDone();
    }

    /// <summary>Its own run failed, or was late: all samples that were in it are against every class.</summary>
    public void SettleFailed()
    {
        for (int i = 0; i < Used; i++)
        {
            if (_rows[i].State == RowState.Waiting)
            {
                Answer(i, Votes.None);
            }
        }

        ClearWhenDone();
    }

    /// <summary>Another's run answered a sample.</summary>
    public void SettleLent(int row, int choice) => Answer(row, choice);

    /// <summary>Another's run has no answer for a sample, which waits for its own again.</summary>
    public void TakeBack(int row) => _rows[row].State = RowState.Waiting;

    void IThreadPoolWorkItem.Execute()
    {
        Exception? failure = null;
        try
        {
            Fill();
            Run!.Offer(this);
        }
        catch (Exception broken)
        {
            failure = broken;
        }

        if (failure is null)
        {
            _source.SetResult(true);
        }
        else
        {
            _source.SetException(failure);
        }
    }

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    private Span<float> RowOf(int row) => MemoryMarshal.Cast<byte, float>(_block.GetSpan()).Slice(row * _elements, _elements);

    private void Adopt(SmoothingBatch from, int row)
    {
        from.RowOf(row).CopyTo(RowOf(Used));
        _rows[Used++] = from._rows[row] with { IsDeferred = true };
        from._rows[row].Input.Deferred++;
    }

    private void Answer(int row, int choice)
    {
        _rows[row].State = RowState.Answered;
        _rows[row].Input.Deferred -= _rows[row].IsDeferred ? 1 : 0;
        _rows[row].Input.Take(_rows[row].Sample, choice);
    }

    private void ClearWhenDone()
    {
        if (!IsWanted())
        {
            Clear();
        }
    }

    private bool Any(RowState state)
    {
        foreach (ref readonly Row row in _rows.AsSpan(0, Used))
        {
            if (row.State == state && !row.Input.IsOver)
            {
                return true;
            }
        }

        return false;
    }

    private enum RowState : byte
    {
        /// <summary>For a run of its own, or in it.</summary>
        Waiting,

        /// <summary>In another's run.</summary>
        Lent,

        Answered,
    }

    private struct Row
    {
        public SmoothedInput Input;
        public int Sample;
        public bool Counts;
        public bool IsDeferred;
        public RowState State;

        public readonly bool Waits => State == RowState.Waiting && !Input.IsOver;
    }
}
