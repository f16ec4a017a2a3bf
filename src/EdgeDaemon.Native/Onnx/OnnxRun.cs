using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Native.Onnx.Memory;

namespace EdgeDaemon.Native.Onnx;

/// <summary>
/// One session's inputs, outputs and run options for one lane: used by one thread at a time, from request to request,
/// without managed allocation. <see cref="Terminate"/> and <see cref="Resume"/> alone may be called from elsewhere.
/// </summary>
/// <remarks>
/// The way through Run with kept input values and outputs that the library allocates was measured against the others on an MLP
/// (1.5 us with everything kept): IoBinding -0.1 us, outputs in memory of ours -0.2 us. Not worth a wrong shape: what a graph
/// declares of its outputs need not be what it computes.
/// </remarks>
public sealed unsafe class OnnxRun : IDisposable
{
    private const int DeviceAllocator = 0;
    private const int DefaultMemory = 0;
    private const int FatalLevel = 4;

    private readonly OnnxSession _session;
    private readonly OrtApi _api;
    private readonly TensorBlockPool _pool;
    private readonly nint _sessionPointer; // Alive as long as _options, its child.
    private readonly OnnxHandle _memory;
    private readonly OnnxHandle _options;
    private readonly OnnxNames _inputNames;
    private readonly OnnxNames _outputNames;
    private readonly RunInputs _inputs;
    private readonly RunOutputs _outputs;
    private readonly RunMemory _runMemory;
    private bool _begun; // the memory holds a run's outputs
    private bool _disposed;

    internal OnnxRun(OnnxSession session, TensorBlockPool pool)
    {
        _session = session;
        _api = session.Api;
        _pool = pool;
        _sessionPointer = session.Handle.Value;
        nint value;
        _api.Check(_api.CreateCpuMemoryInfo(DeviceAllocator, DefaultMemory, &value), "describe CPU memory");
        _memory = new OnnxHandle(_api.ReleaseMemoryInfo, value);
        _api.Check(_api.CreateRunOptions(&value), "create run options");
        _options = new OnnxHandle(_api.ReleaseRunOptions, value, session.Handle);

        // A run that fails says why in its status. A line of the library's besides would let callers fill the log: a deadline of a
        // microsecond makes a run fail at will.
        _api.Check(_api.RunOptionsSetRunLogSeverityLevel(value, FatalLevel), "quiet a run");
        _inputNames = new OnnxNames(session.Inputs);
        _outputNames = new OnnxNames(session.Outputs);
        _inputs = new RunInputs(session, _memory);
        _outputs = new RunOutputs(session, pool);
        _runMemory = new RunMemory(session.Memory, Terminate);
    }

    /// <summary>Whose the next runs are; null: the daemon's own.</summary>
    public TensorAccount? Account { get; set; }

    /// <summary>The most bytes that the last run had at once, of what the library was given.</summary>
    public long PeakBytes => _runMemory.Peak;

    /// <summary>
    /// Hands input <paramref name="index"/> (the graph's order) to the next run. The block must live until the run has ended.
    /// </summary>
    /// <param name="index">0 to the number of inputs - 1.</param>
    /// <param name="shape">All dimensions, none negative.</param>
    /// <param name="block">Dense little-endian elements; BYTES in wire form, 4-byte little-endian length before each element.</param>
    /// <param name="byteCount">Bytes used in the block: exactly what the shape needs.</param>
    /// <exception cref="ArgumentException">Shape and bytes do not agree. (What the graph says of them shows in <see cref="Execute"/>.)</exception>
    public void SetInput(int index, in TensorShape shape, TensorBlock block, long byteCount)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _inputs.Set(index, shape, block, byteCount);
    }

    /// <summary>
    /// Runs the graph on the inputs set since the last run, all of them; the outputs stay readable until <see cref="Clear"/>,
    /// <see cref="Dispose"/> or the next run.
    /// </summary>
    /// <exception cref="OnnxException">The graph failed, or was terminated.</exception>
    /// <exception cref="OnnxContractException">An output is not what the graph declares, or nothing that the protocol carries.</exception>
    /// <exception cref="RefusedException">No memory is left for the run, it took more than it may, or an output is too large.</exception>
    public void Execute()
    {
        nint options = _options.Value;
        ReleaseOutputs();
        _inputs.Require();
        long inputBytes = _inputs.Bytes;
        BeginMemory(inputBytes);
        void* status;
        try
        {
            SessionAllocator.Current = _runMemory;
            if (_session.DenormalAsZero)
            {
                using (FlushedDenormals.Begin(flush: true))
                {
                    status = Run(options);
                }
            }
            else
            {
                status = Run(options);
            }
        }
        finally
        {
            SessionAllocator.Current = null;
            _runMemory.Rest();
            _inputs.Forget();
        }

        if (_runMemory.Overran)
        {
            RefuseOverrun(status);
        }

        _api.Check(status, "run the model");
        _session.Peaks.Learn(inputBytes, _runMemory.Peak);
        _outputs.Read(Account);

        // No call to the allocator: either the graph hands its inputs on, or what it computed lies where nobody clears it.
        if (_runMemory.Calls == 0 && _session.OwnMemory && !_outputs.AreOurs(_inputs))
        {
            throw new OnnxContractException("the library took the memory of the run from elsewhere than from the daemon's allocator: such a session must not serve");
        }
    }

    /// <summary>
    /// Stops the run in progress before its next node (a kernel that has begun ends), and every later one, until
    /// <see cref="Resume"/>; they throw <see cref="OnnxException"/>. From any thread; nothing when already disposed.
    /// </summary>
    public void Terminate() => Signal(_api.RunOptionsSetTerminate, "terminate a run");

    /// <summary>Takes <see cref="Terminate"/> back.</summary>
    public void Resume() => Signal(_api.RunOptionsUnsetTerminate, "allow runs again");

    /// <summary>Another one over the same session, beside this one. From any thread.</summary>
    public OnnxRun Another() => _session.NewRun(_pool);

    public ElementType OutputType(int index) => _outputs.Type(index);

    public ref readonly TensorShape OutputShape(int index) => ref _outputs.Shape(index);

    /// <summary>Dense little-endian elements; BYTES in wire form. Empty before a run has ended well.</summary>
    public ReadOnlySpan<byte> OutputData(int index) => _outputs.Data(index);

    /// <summary>Releases the outputs of the last run, and inputs that were set and not run.</summary>
    public void Clear()
    {
        _inputs.Forget();
        ReleaseOutputs();
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        ReleaseOutputs();
        _inputs.Dispose();
        _outputs.Dispose();
        _runMemory.Dispose();
        _inputNames.Dispose();
        _outputNames.Dispose();
        _memory.Dispose();
        _options.Dispose();
    }

    private void* Run(nint options) => _api.Run(
        _sessionPointer, options, _inputNames.Pointers, _inputs.Values, (nuint)_inputs.Count, _outputNames.Pointers, (nuint)_outputs.Count, _outputs.Values);

    // Before the run, because within it nothing can be refused.
    private void BeginMemory(long inputBytes)
    {
        int holder = Account?.Holder ?? SessionMemory.Own;
        SessionMemory all = _session.Memory;
        all.Switch(holder);
        long expected = _session.Peaks.Expected(inputBytes);
        if (expected > all.Budget)
        {
            throw new RefusedException(Refusal.AdmissionRunMemory, $"the run would take {expected} bytes, more than memory.max_run_bytes {all.Budget}");
        }

        // Its own first: what lies idle is given up for a run that does not fit, and this one's must not be.
        _runMemory.Begin(holder, Math.Min(_session.Peaks.Allowed(inputBytes), all.Budget));
        long more = Math.Max(0, expected - _runMemory.Held);
        if (!_runMemory.TryPromise(more))
        {
            _runMemory.Rest();
            throw new RefusedException(Refusal.AdmissionMemory, $"the run would take {more} bytes more than memory.max_run_bytes {all.Budget} leaves");
        }

        _begun = true;
    }

    private void RefuseOverrun(void* status)
    {
        // Its end may have come before the library looked: what it computed may be rubbish all the same.
        if (status is not null)
        {
            _ = _api.Failure(status, "run the model");
        }

        ReleaseOutputs();
        Resume();
        _session.Memory.CountOverrun();
        throw new RefusedException(Refusal.EngineMemory, $"the run asked for more memory than it may have ({_runMemory.Peak} bytes so far) and was stopped");
    }

    private void ReleaseOutputs()
    {
        _outputs.Release();
        if (_begun)
        {
            _begun = false;
            _runMemory.End();
        }
    }

    private void Signal(delegate* unmanaged[Cdecl]<nint, void*> function, string doing)
    {
        bool held = false;
        try
        {
            _options.DangerousAddRef(ref held);
            _api.Check(function(_options.DangerousGetHandle()), doing);
        }
        catch (ObjectDisposedException)
        {
            // The run is over for good: a deadline that comes late has nothing to stop.
        }
        finally
        {
            if (held)
            {
                _options.DangerousRelease();
            }
        }
    }
}
