using System.Threading.Channels;

namespace EdgeDaemon.Benchmarks.Bare;

/// <summary>A session for each core: a request takes one, computes on its own thread, gives it back.</summary>
internal sealed class Lanes
{
    private readonly Model _model;
    private readonly Channel<nint> _free;

    public Lanes(Model model, int count)
    {
        _model = model;
        _free = Channel.CreateBounded<nint>(count);
        _free.Writer.TryWrite(model.FirstSession);
        for (int lane = 1; lane < count; lane++)
        {
            _free.Writer.TryWrite(model.Ort.CreateSession(model.Bytes));
        }
    }

    public async ValueTask RunAsync(ReadOnlyMemory<byte> input, byte[] output, int batch, CancellationToken cancel)
    {
        nint session = await _free.Reader.ReadAsync(cancel);
        try
        {
            Compute(session, input.Span, output, batch);
        }
        finally
        {
            _free.Writer.TryWrite(session);
        }
    }

    private unsafe void Compute(nint session, ReadOnlySpan<byte> input, byte[] output, int batch)
    {
        fixed (byte* source = input, target = output)
        {
            nint x = _model.Ort.CreateValue(source, (nuint)(batch * _model.InputItemBytes), _model.InputShape(batch));
            nint y = _model.Ort.CreateValue(target, (nuint)(batch * _model.OutputItemBytes), _model.OutputShape(batch));
            try
            {
                _model.Ort.Run(session, _model.InputName, x, _model.OutputName, y);
            }
            finally
            {
                _model.Ort.ReleaseValue(y);
                _model.Ort.ReleaseValue(x);
            }
        }
    }
}
