using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Native.Onnx;

/// <summary>
/// One session's inputs, outputs and run options for one lane: used by one thread at a time, from request to request,
/// without managed allocation. <see cref="Terminate"/> alone may be called from elsewhere.
/// </summary>
public sealed unsafe class OnnxRun : IDisposable
{
    private readonly OnnxSession _session;
    private readonly OrtApi _api;
    private readonly TensorBlockPool _pool;
    private readonly OnnxHandle _memory;
    private readonly OnnxHandle _options;
    private readonly byte** _inputNames;
    private readonly byte** _outputNames;
    private readonly nint* _inputs;
    private readonly nint* _outputs;
    private readonly BoundInput[] _bound;
    private readonly OutputView[] _views;

    internal OnnxRun(OnnxSession session, TensorBlockPool pool)
    {
        _session = session;
        _pool = pool;
        _api = session.Runtime.Api;
        nint value;
        _api.Check(((delegate* unmanaged[Cdecl]<int, int, nint*, void*>)_api[OrtSlots.CreateCpuMemoryInfo])(0, 0, &value), "describe CPU memory");
        _memory = new OnnxHandle(_api, OrtSlots.ReleaseMemoryInfo, value);
        _api.Check(((delegate* unmanaged[Cdecl]<nint*, void*>)_api[OrtSlots.CreateRunOptions])(&value), "create run options");
        _options = new OnnxHandle(_api, OrtSlots.ReleaseRunOptions, value);

        _inputNames = Names(session.Inputs);
        _outputNames = Names(session.Outputs);
        _inputs = (nint*)NativeMemory.AllocZeroed((nuint)Math.Max(1, session.Inputs.Length), (nuint)sizeof(nint));
        _outputs = (nint*)NativeMemory.AllocZeroed((nuint)Math.Max(1, session.Outputs.Length), (nuint)sizeof(nint));
        _bound = new BoundInput[session.Inputs.Length];
        _views = new OutputView[session.Outputs.Length];
    }

    /// <summary>
    /// Hands input <paramref name="index"/> (the graph's order) to the next run. The block must live until the run has ended;
    /// BYTES are in wire form, 4-byte little-endian length before each element.
    /// </summary>
    public void SetInput(int index, in TensorShape shape, TensorBlock block, long byteCount)
    {
        ElementType type = _session.Inputs[index].Type;
        ref BoundInput bound = ref _bound[index];
        if (type == ElementType.Bytes)
        {
            ReleaseInput(index);
            _inputs[index] = Strings(shape, block.GetSpan()[..(int)byteCount]);
            return;
        }

        // The value describes memory, it does not hold it: the same address and shape need no new one.
        if (_inputs[index] != 0 && bound.Address == block.Address && bound.Bytes == byteCount && bound.Shape.SequenceEqual(shape))
        {
            return;
        }

        ReleaseInput(index);
        nint value;
        fixed (long* dimensions = shape.Span)
        {
            _api.Check(
                ((delegate* unmanaged[Cdecl]<nint, void*, nuint, long*, nuint, int, nint*, void*>)_api[OrtSlots.CreateTensorWithDataAsOrtValue])(
                    _memory.Value, block.Address, (nuint)byteCount, dimensions, (nuint)shape.Rank, OnnxElementTypes.Of(type), &value),
                "describe an input");
        }

        _inputs[index] = value;
        bound = new BoundInput { Address = block.Address, Bytes = byteCount, Shape = shape };
    }

    /// <summary>Runs the graph; the outputs stay readable until <see cref="Clear"/> or the next run.</summary>
    public void Execute()
    {
        Clear();
        _api.Check(
            ((delegate* unmanaged[Cdecl]<nint, nint, byte**, nint*, nuint, byte**, nuint, nint*, void*>)_api[OrtSlots.Run])(
                _session.Handle, _options.Value, _inputNames, _inputs, (nuint)_session.Inputs.Length, _outputNames, (nuint)_session.Outputs.Length, _outputs),
            "run the model");
        for (int i = 0; i < _views.Length; i++)
        {
            Read(i);
        }
    }

    /// <summary>Stops the run in progress at its next node, and every later one until <see cref="Resume"/>.</summary>
    public void Terminate() => _api.Check(((delegate* unmanaged[Cdecl]<nint, void*>)_api[OrtSlots.RunOptionsSetTerminate])(_options.Value), "terminate a run");

    public void Resume() => _api.Check(((delegate* unmanaged[Cdecl]<nint, void*>)_api[OrtSlots.RunOptionsUnsetTerminate])(_options.Value), "allow runs again");

    public ElementType OutputType(int index) => _views[index].Type;

    public ref readonly TensorShape OutputShape(int index) => ref _views[index].Shape;

    /// <summary>Dense little-endian elements; BYTES in wire form.</summary>
    public ReadOnlySpan<byte> OutputData(int index)
    {
        ref OutputView view = ref _views[index];
        return view.Strings is null ? new ReadOnlySpan<byte>(view.Data, view.Bytes) : view.Strings.GetSpan()[..view.Bytes];
    }

    /// <summary>Releases the outputs of the last run.</summary>
    public void Clear()
    {
        for (int i = 0; i < _views.Length; i++)
        {
            _views[i].Strings?.Return();
            _views[i] = default;
            if (_outputs[i] != 0)
            {
                _api.Release(OrtSlots.ReleaseValue, _outputs[i]);
                _outputs[i] = 0;
            }
        }
    }

    public void Dispose()
    {
        Clear();
        for (int i = 0; i < _bound.Length; i++)
        {
            ReleaseInput(i);
        }

        FreeNames(_inputNames, _bound.Length);
        FreeNames(_outputNames, _views.Length);
        NativeMemory.Free(_inputs);
        NativeMemory.Free(_outputs);
        _options.Dispose();
        _memory.Dispose();
    }

    private static byte** Names(ImmutableArray<OnnxTensorInfo> tensors)
    {
        byte** names = (byte**)NativeMemory.Alloc((nuint)Math.Max(1, tensors.Length), (nuint)sizeof(byte*));
        for (int i = 0; i < tensors.Length; i++)
        {
            names[i] = (byte*)Marshal.StringToCoTaskMemUTF8(tensors[i].Name);
        }

        return names;
    }

    private static void FreeNames(byte** names, int count)
    {
        for (int i = 0; i < count; i++)
        {
            Marshal.FreeCoTaskMem((nint)names[i]);
        }

        NativeMemory.Free(names);
    }

    private void ReleaseInput(int index)
    {
        if (_inputs[index] != 0)
        {
            _api.Release(OrtSlots.ReleaseValue, _inputs[index]);
            _inputs[index] = 0;
            _bound[index] = default;
        }
    }

    private nint Strings(in TensorShape shape, ReadOnlySpan<byte> wire)
    {
        nint allocator;
        _api.Check(((delegate* unmanaged[Cdecl]<nint*, void*>)_api[OrtSlots.GetAllocatorWithDefaultOptions])(&allocator), "get the default allocator");
        nint value;
        fixed (long* dimensions = shape.Span)
        {
            _api.Check(
                ((delegate* unmanaged[Cdecl]<nint, long*, nuint, int, nint*, void*>)_api[OrtSlots.CreateTensorAsOrtValue])(
                    allocator, dimensions, (nuint)shape.Rank, OnnxElementTypes.Of(ElementType.Bytes), &value),
                "create a string tensor");
        }

        try
        {
            for (nuint i = 0; !wire.IsEmpty; i++)
            {
                int length = BinaryPrimitives.ReadInt32LittleEndian(wire);
                byte* element;
                _api.Check(
                    ((delegate* unmanaged[Cdecl]<nint, nuint, nuint, byte**, void*>)_api[OrtSlots.GetResizedStringTensorElementBuffer])(
                        value, i, (nuint)length, &element),
                    "fill a string tensor");
                wire.Slice(4, length).CopyTo(new Span<byte>(element, length));
                wire = wire[(4 + length)..];
            }

            return value;
        }
        catch
        {
            _api.Release(OrtSlots.ReleaseValue, value);
            throw;
        }
    }

    private void Read(int index)
    {
        nint value = _outputs[index];
        nint info;
        _api.Check(((delegate* unmanaged[Cdecl]<nint, nint*, void*>)_api[OrtSlots.GetTensorTypeAndShape])(value, &info), "read an output's shape");
        try
        {
            int element;
            nuint rank;
            _api.Check(((delegate* unmanaged[Cdecl]<nint, int*, void*>)_api[OrtSlots.GetTensorElementType])(info, &element), "read an output's type");
            _api.Check(((delegate* unmanaged[Cdecl]<nint, nuint*, void*>)_api[OrtSlots.GetDimensionsCount])(info, &rank), "read an output's rank");
            if (rank > TensorShape.MaxRank || !OnnxElementTypes.TryFrom(element, out ElementType type))
            {
                throw new OnnxContractException($"output '{_session.Outputs[index].Name}' came with element type {element} and {rank} dimensions");
            }

            long* dimensions = stackalloc long[TensorShape.MaxRank];
            _api.Check(((delegate* unmanaged[Cdecl]<nint, long*, nuint, void*>)_api[OrtSlots.GetDimensions])(info, dimensions, rank), "read an output's dimensions");
            ref OutputView view = ref _views[index];
            TensorShape.TryCreate(new ReadOnlySpan<long>(dimensions, (int)rank), out view.Shape);
            view.Type = type;
            if (type == ElementType.Bytes)
            {
                ReadStrings(value, ref view);
                return;
            }

            if (!view.Shape.TryByteCount(type, out long bytes) || bytes > int.MaxValue)
            {
                throw new OnnxContractException($"output '{_session.Outputs[index].Name}' of shape {view.Shape} is larger than 2 GiB");
            }

            void* data;
            _api.Check(((delegate* unmanaged[Cdecl]<nint, void**, void*>)_api[OrtSlots.GetTensorMutableData])(value, &data), "read an output");
            view.Data = (byte*)data;
            view.Bytes = (int)bytes;
        }
        finally
        {
            _api.Release(OrtSlots.ReleaseTensorTypeAndShapeInfo, info);
        }
    }

    private void ReadStrings(nint value, ref OutputView view)
    {
        view.Shape.TryElementCount(out long count);
        nuint length;
        _api.Check(((delegate* unmanaged[Cdecl]<nint, nuint*, void*>)_api[OrtSlots.GetStringTensorDataLength])(value, &length), "measure a string output");
        long wireBytes = (long)length + (4 * count);
        if (!_pool.TryRent(wireBytes, out TensorBlock? wire))
        {
            throw new OnnxContractException($"no memory left for a string output of {wireBytes} bytes");
        }

        view.Strings = wire;
        view.Bytes = (int)wireBytes;
        if (count == 0)
        {
            return;
        }

        // The text goes to the end of the block, then forward element by element: a length before each never overtakes it.
        nuint* offsets = (nuint*)NativeMemory.Alloc((nuint)count, (nuint)sizeof(nuint));
        try
        {
            byte* text = wire.Address + (4 * count);
            _api.Check(
                ((delegate* unmanaged[Cdecl]<nint, byte*, nuint, nuint*, nuint, void*>)_api[OrtSlots.GetStringTensorContent])(
                    value, text, length, offsets, (nuint)count),
                "read a string output");
            Span<byte> destination = wire.GetSpan();
            for (long i = 0; i < count; i++)
            {
                nuint end = i + 1 < count ? offsets[i + 1] : length;
                int elementBytes = (int)(end - offsets[i]);
                int at = (int)offsets[i] + (int)(4 * i);
                new ReadOnlySpan<byte>(text + offsets[i], elementBytes).CopyTo(destination[(at + 4)..]);
                BinaryPrimitives.WriteInt32LittleEndian(destination[at..], elementBytes);
            }
        }
        finally
        {
            NativeMemory.Free(offsets);
        }
    }

    private struct BoundInput
    {
        public byte* Address;
        public long Bytes;
        public TensorShape Shape;
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
