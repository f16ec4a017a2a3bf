using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Engine.Voting;

namespace EdgeDaemon.Engine;

/// <summary>What a run answered to one request: all of the lane's outputs, or its rows of them. To be read until the lane is left.</summary>
internal readonly struct RunAnswer
{
    private readonly Lane _lane;

    /// <param name="lane">That holds the outputs.</param>
    /// <param name="runRows">Rows of the run.</param>
    /// <param name="firstRow">The request's first.</param>
    /// <param name="rows">How many are the request's.</param>
    /// <param name="begun">When the run began, by its pool's clock.</param>
    /// <param name="ended">When it had ended.</param>
    public RunAnswer(Lane lane, int runRows, int firstRow, int rows, long begun, long ended)
    {
        _lane = lane;
        Begun = begun;
        Ended = ended;
        RunRows = runRows;
        FirstRow = firstRow;
        Rows = rows;
    }

    /// <summary>Rows of the run, whosever they are.</summary>
    public int RunRows { get; }

    /// <summary>Where the request's begin.</summary>
    public int FirstRow { get; }

    /// <summary>Rows of the request; less than the run's when it was run with others.</summary>
    public int Rows { get; }

    public long Begun { get; }

    public long Ended { get; }

    /// <summary>Others have the rest.</summary>
    public bool IsPart => Rows != RunRows;

    /// <summary>The votes of the whole run; null for a model of one member.</summary>
    public EnsembleRun? Ensemble => _lane.Ensemble;

    public ElementType OutputType(int index) => _lane.OutputType(index);

    public TensorShape OutputShape(int index)
    {
        TensorShape shape = _lane.OutputShape(index);
        if (IsPart)
        {
            shape.Set(0, Rows);
        }

        return shape;
    }

    public ReadOnlySpan<byte> OutputData(int index)
    {
        ReadOnlySpan<byte> data = _lane.OutputData(index);
        if (!IsPart)
        {
            return data;
        }

        // The run was held against its rows: they divide it.
        int row = data.Length / RunRows;
        return data.Slice(FirstRow * row, Rows * row);
    }
}
