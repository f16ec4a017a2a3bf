using System.Runtime.InteropServices;
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
    private readonly nint* _inputs;
    private readonly nint* _outputs;
    private readonly BoundInput[] _bound;
    private readonly OutputView[] _views;
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
        _inputs = (nint*)NativeMemory.AllocZeroed((nuint)session.Inputs.Length + 1, (nuint)sizeof(nint));
        _outputs = (nint*)NativeMemory.AllocZeroed((nuint)session.Outputs.Length + 1, (nuint)sizeof(nint));
        _bound = new BoundInput[session.Inputs.Length];
        _views = new OutputView[session.Outputs.Length];
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
        ref BoundInput bound = ref _bound[index];
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)byteCount, (ulong)block.Length, nameof(byteCount));
        ElementType type = _session.Inputs[index].Type;
        if (type == ElementType.Bytes)
        {
            ReleaseInput(index);
            _inputs[index] = StringTensors.Create(_api, shape, block.GetSpan()[..(int)byteCount]);
            shape.TryElementCount(out bound.Texts);
            bound.Bytes = byteCount;
            bound.Set = true;
            return;
        }

        // The value describes memory, it does not hold it: the same address and shape need no new one.
        if (_inputs[index] == 0 || bound.Address != block.Address || bound.Bytes != byteCount || !bound.Shape.SequenceEqual(shape))
        {
            ReleaseInput(index);
            if (!shape.TryByteCount(type, out long needed) || needed != byteCount)
            {
                throw new ArgumentException($"{byteCount} bytes for input '{_session.Inputs[index].Name}' of shape {shape}.", nameof(byteCount));
            }

            nint value;
            fixed (long* dimensions = shape.Span)
            {
                _api.Check(
                    _api.CreateTensorWithDataAsOrtValue(
                        _memory.Value, block.Address, (nuint)byteCount, dimensions, (nuint)shape.Rank, OnnxElementTypes.Of(type), &value),
                    "describe an input");
            }

            _inputs[index] = value;
            bound.Address = block.Address;
            bound.Bytes = byteCount;
            bound.Shape = shape;
        }

        bound.Set = true;
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
        RequireInputs();
        long inputBytes = InputBytes();
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
            ForgetInputs();
        }

        if (_runMemory.Overran)
        {
            RefuseOverrun(status);
        }

        _api.Check(status, "run the model");
        _session.Peaks.Learn(inputBytes, _runMemory.Peak);
        for (int i = 0; i < _views.Length; i++)
        {
            ReadOutput(i);
        }

        if (_runMemory.Calls == 0 && _session.OwnMemory)
        {
            RequireOwnMemory();
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

    public ElementType OutputType(int index) => _views[index].Type;

    public ref readonly TensorShape OutputShape(int index) => ref _views[index].Shape;

    /// <summary>Dense little-endian elements; BYTES in wire form. Empty before a run has ended well.</summary>
    public ReadOnlySpan<byte> OutputData(int index)
    {
        ref OutputView view = ref _views[index];
        return view.Strings is null ? new ReadOnlySpan<byte>(view.Data, view.Bytes) : view.Strings.GetSpan();
    }

    /// <summary>Releases the outputs of the last run, and inputs that were set and not run.</summary>
    public void Clear()
    {
        ForgetInputs();
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
        for (int i = 0; i < _bound.Length; i++)
        {
            ReleaseInput(i);
        }

        _runMemory.Dispose();
        NativeMemory.Free(_inputs);
        NativeMemory.Free(_outputs);
        _inputNames.Dispose();
        _outputNames.Dispose();
        _memory.Dispose();
        _options.Dispose();
    }

    private void* Run(nint options) => _api.Run(
        _sessionPointer, options, _inputNames.Pointers, _inputs, (nuint)_bound.Length, _outputNames.Pointers, (nuint)_views.Length, _outputs);

    private long InputBytes()
    {
        long bytes = 0;
        foreach (ref readonly BoundInput bound in _bound.AsSpan())
        {
            bytes += bound.Bytes;
        }

        return bytes;
    }

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

    // No call to the allocator: either the graph hands its inputs on, or what it computed lies where nobody clears it.
    private void RequireOwnMemory()
    {
        foreach (ref readonly OutputView view in _views.AsSpan())
        {
            bool handedOn = view.Strings is not null || view.Bytes == 0;
            foreach (ref readonly BoundInput bound in _bound.AsSpan())
            {
                handedOn |= view.Data >= bound.Address && view.Data + view.Bytes <= bound.Address + bound.Bytes;
            }

            if (!handedOn)
            {
                throw new OnnxContractException("the library took the memory of the run from elsewhere than from the daemon's allocator: such a session must not serve");
            }
        }
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

    // A value left from an earlier run describes memory that may be another request's by now.
    private void RequireInputs()
    {
        for (int i = 0; i < _bound.Length; i++)
        {
            if (!_bound[i].Set)
            {
                throw new InvalidOperationException($"Input '{_session.Inputs[i].Name}' was not set for this run.");
            }
        }
    }

    private void ForgetInputs()
    {
        for (int i = 0; i < _bound.Length; i++)
        {
            _bound[i].Set = false;
            if (_session.Inputs[i].Type == ElementType.Bytes)
            {
                ReleaseInput(i); // Holds a copy of the caller's text.
            }
        }
    }

    private void ReleaseInput(int index)
    {
        ref BoundInput bound = ref _bound[index];
        bound.Set = false;
        if (_inputs[index] != 0)
        {
            StringTensors.Release(_api, _inputs[index], bound.Texts);
            bound.Texts = 0;
            _inputs[index] = 0;
        }
    }

    private void ReleaseOutputs()
    {
        for (int i = 0; i < _views.Length; i++)
        {
            if (_outputs[i] != 0)
            {
                StringTensors.Release(_api, _outputs[i], TextsOf(i));
                _outputs[i] = 0;
            }

            _views[i].Strings?.Return();
            _views[i] = default;
        }

        if (_begun)
        {
            _begun = false;
            _runMemory.End();
        }
    }

    // Also of an output that nobody has read, because the run failed or its answer was refused.
    private long TextsOf(int output)
    {
        if (_session.Outputs[output].Type != ElementType.Bytes)
        {
            return 0;
        }

        try
        {
            ReadTypeAndShape(output, _outputs[output], out _, out TensorShape shape);
            return shape.TryElementCount(out long count) ? count : 0;
        }
        catch (Exception failure) when (failure is OnnxException or OnnxContractException)
        {
            return 0; // It is not what the graph declares: no string tensor then.
        }
    }

    private void ReadOutput(int index)
    {
        nint value = _outputs[index];
        ref OutputView view = ref _views[index];
        ReadTypeAndShape(index, value, out ElementType type, out TensorShape shape);
        if (type == ElementType.Bytes)
        {
            shape.TryElementCount(out long count);
            view.Strings = StringTensors.Read(_api, value, count, _pool, Account);
        }
        else
        {
            if (!shape.TryByteCount(type, out long bytes) || bytes > int.MaxValue)
            {
                throw new RefusedException(Refusal.OutputTooLarge, $"output '{_session.Outputs[index].Name}' of shape {shape} has 2 GiB or more");
            }

            void* data;
            _api.Check(_api.GetTensorMutableData(value, &data), "read an output");
            view.Data = (byte*)data;
            view.Bytes = (int)bytes;
        }

        view.Type = type;
        view.Shape = shape;
    }

    private void ReadTypeAndShape(int index, nint value, out ElementType type, out TensorShape shape)
    {
        int element;
        nuint rank;
        if (_api.GetTensorElementTypeAndShapeDataReference is not null)
        {
            long* dimensions;
            _api.Check(_api.GetTensorElementTypeAndShapeDataReference(value, &element, &dimensions, &rank), "read an output's shape");
            Accept(index, element, dimensions, rank, out type, out shape);
            return;
        }

        nint info;
        _api.Check(_api.GetTensorTypeAndShape(value, &info), "read an output's shape");
        try
        {
            long* dimensions = stackalloc long[TensorShape.MaxRank];
            _api.Check(_api.GetTensorElementType(info, &element), "read an output's type");
            _api.Check(_api.GetDimensionsCount(info, &rank), "read an output's rank");
            _api.Check(_api.GetDimensions(info, dimensions, Math.Min(rank, TensorShape.MaxRank)), "read an output's dimensions");
            Accept(index, element, dimensions, rank, out type, out shape);
        }
        finally
        {
            _api.ReleaseTensorTypeAndShapeInfo(info);
        }
    }

    private void Accept(int index, int element, long* dimensions, nuint rank, out ElementType type, out TensorShape shape)
    {
        shape = default;
        if (!OnnxElementTypes.TryFrom(element, out type)
            || type != _session.Outputs[index].Type
            || rank > TensorShape.MaxRank
            || !TensorShape.TryCreate(new ReadOnlySpan<long>(dimensions, (int)rank), out shape))
        {
            throw new OnnxContractException(
                $"output '{_session.Outputs[index].Name}' came with ONNX element type {element} and {rank} dimensions, not as declared");
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

    private struct BoundInput
    {
        public byte* Address;
        public long Bytes;
        public TensorShape Shape;
        public long Texts; // of a string tensor, which the library keeps a copy of each of
        public bool Set;
    }

    private struct OutputView
    {
        public ElementType Type;
        public TensorShape Shape;
        public byte* Data;
        public int Bytes;
        public TensorBlock? Strings;
    }
}
