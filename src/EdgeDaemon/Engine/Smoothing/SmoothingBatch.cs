using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;
using EdgeDaemon.Core.Smoothing;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Engine.Smoothing;

/// <summary>
/// The tensor of one run: rows of input + noise, written where the engine reads them, on a thread of the runtime's pool while the lane runs the other batch. Always
/// as many rows: what a row is answered may depend in its last bits on how many lie beside it, and the classifier must be one function (rule S4). Rows that nobody needs keep what
/// they had.
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

    /// <summary>Its rows are written; at once where nothing is under way.</summary>
    public ValueTask Filled => new(this, _source.Version);

    /// <summary>No row is a sample.</summary>
    public void Clear() => Used = 0;

    /// <summary>One more row is a sample. While nothing is being written.</summary>
    public void Add(SmoothedInput input, int sample) => _rows[Used++] = new Row { Input = input, Sample = sample };

    /// <summary>Begins to write the rows, elsewhere.</summary>
    public void BeginFill()
    {
        _source.Reset();
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Writes the rows here.</summary>
    public void Fill()
    {
        Span<float> tensor = MemoryMarshal.Cast<byte, float>(_block.GetSpan());
        for (int i = 0; i < Used; i++)
        {
            ref Row row = ref _rows[i];

            // Decided since it was planned: its noise would be for nothing.
            row.Counts = row.Input.IsOver || row.Input.TryAdd(row.Sample, tensor.Slice(i * _elements, _elements));
        }
    }

    /// <summary>Whether any of its samples can still be of use.</summary>
    public bool IsWanted()
    {
        foreach (ref readonly Row row in _rows.AsSpan(0, Used))
        {
            if (!row.Input.IsOver)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Gives each sample's class to its input, in order: the largest logit, the lowest of several, and none where they are no numbers.</summary>
    /// <param name="logits">A row of as many as there are classes for each of the run's rows.</param>
    /// <param name="classes">How many.</param>
    /// <param name="rule">By which members voted; the mean of one.</param>
    public void Settle(ReadOnlySpan<float> logits, int classes, VoteRule rule = VoteRule.Mean)
    {
        for (int i = 0; i < Used; i++)
        {
            ref Row row = ref _rows[i];
            row.Input.Take(row.Counts ? Votes.Choice(rule, logits.Slice(i * classes, classes)) : Votes.None);
        }

        Used = 0;
    }

    /// <summary>The run failed, or was late: all its samples are against every class.</summary>
    public void SettleFailed()
    {
        for (int i = 0; i < Used; i++)
        {
            _rows[i].Input.Take(Votes.None);
        }

        Used = 0;
    }

    void IThreadPoolWorkItem.Execute()
    {
        Exception? failure = null;
        try
        {
            Fill();
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

    private struct Row
    {
        public SmoothedInput Input;
        public int Sample;
        public bool Counts;
    }
}
