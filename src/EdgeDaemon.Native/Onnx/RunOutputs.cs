using System.Runtime.InteropServices;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Native.Onnx;

/// <summary>
/// The outputs of one <see cref="OnnxRun"/>'s last run, in the graph's order: the library's values, and what they are, which need not be what the graph
/// declares of them.
/// </summary>
internal sealed unsafe class RunOutputs : IDisposable
{
    private readonly OnnxSession _session;
    private readonly OrtApi _api;
    private readonly TensorBlockPool _pool;
    private readonly nint* _values;
    private readonly View[] _views;

    /// <param name="session">Whose outputs.</param>
    /// <param name="pool">Where texts go.</param>
    public RunOutputs(OnnxSession session, TensorBlockPool pool)
    {
        _session = session;
        _api = session.Api;
        _pool = pool;
        _values = (nint*)NativeMemory.AllocZeroed((nuint)session.Outputs.Length + 1, (nuint)sizeof(nint));
        _views = new View[session.Outputs.Length];
    }

    /// <summary>What the library writes; <see cref="Count"/> of them.</summary>
    public nint* Values => _values;

    public int Count => _views.Length;

    /// <summary>Looks at what the run has answered.</summary>
    /// <param name="account">On whose account the texts' memory is; null: nobody's.</param>
    /// <exception cref="OnnxContractException">One is not what the graph declares, or nothing that the protocol carries.</exception>
    /// <exception cref="RefusedException">One is too large, or there is no memory left for its text.</exception>
    public void Read(TensorAccount? account)
    {
        for (int i = 0; i < _views.Length; i++)
        {
            Read(i, account);
        }
    }

    public ElementType Type(int index) => _views[index].Type;

    public ref readonly TensorShape Shape(int index) => ref _views[index].Shape;

    public ReadOnlySpan<byte> Data(int index)
    {
        ref View view = ref _views[index];
        return view.Strings is null ? new ReadOnlySpan<byte>(view.Data, view.Bytes) : view.Strings.GetSpan();
    }

    /// <summary>Whether each of them is memory of ours, so that the run needs to have asked for none: an input handed on as it is, or a copy that we made.</summary>
    public bool AreOurs(RunInputs inputs)
    {
        foreach (ref readonly View view in _views.AsSpan())
        {
            if (view.Strings is null && view.Bytes != 0 && !inputs.Cover(view.Data, view.Bytes))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Back to the library, and what was copied to the pool.</summary>
    public void Release()
    {
        for (int i = 0; i < _views.Length; i++)
        {
            if (_values[i] != 0)
            {
                StringTensors.Release(_api, _values[i], TextsOf(i));
                _values[i] = 0;
            }

            _views[i].Strings?.Return();
            _views[i] = default;
        }
    }

    public void Dispose()
    {
        Release();
        NativeMemory.Free(_values);
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
            ReadTypeAndShape(output, out _, out TensorShape shape);
            return shape.TryElementCount(out long count) ? count : 0;
        }
        catch (Exception failure) when (failure is OnnxException or OnnxContractException)
        {
            return 0; // It is not what the graph declares: no string tensor then.
        }
    }

    private void Read(int index, TensorAccount? account)
    {
        ref View view = ref _views[index];
        ReadTypeAndShape(index, out ElementType type, out TensorShape shape);
        if (type == ElementType.Bytes)
        {
            shape.TryElementCount(out long count);
            view.Strings = StringTensors.Read(_api, _values[index], count, _pool, account);
        }
        else
        {
            if (!shape.TryByteCount(type, out long bytes) || bytes > int.MaxValue)
            {
                throw new RefusedException(Refusal.OutputTooLarge, $"output '{_session.Outputs[index].Name}' of shape {shape} has 2 GiB or more");
            }

            void* data;
            _api.Check(_api.GetTensorMutableData(_values[index], &data), "read an output");
            view.Data = (byte*)data;
            view.Bytes = (int)bytes;
        }

        view.Type = type;
        view.Shape = shape;
    }

    private void ReadTypeAndShape(int index, out ElementType type, out TensorShape shape)
    {
        nint value = _values[index];
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

    private struct View
    {
        public ElementType Type;
        public TensorShape Shape;
        public byte* Data;
        public int Bytes;
        public TensorBlock? Strings;
    }
}
