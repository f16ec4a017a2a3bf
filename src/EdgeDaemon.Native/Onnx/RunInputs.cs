using System.Runtime.InteropServices;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Native.Onnx;

/// <summary>
/// The inputs of one <see cref="OnnxRun"/>, in the graph's order: the library's values, kept from run to run as long as the same memory comes in the same
/// shape, and whether each was set for the next run.
/// </summary>
internal sealed unsafe class RunInputs : IDisposable
{
    private readonly OnnxSession _session;
    private readonly OrtApi _api;
    private readonly OnnxHandle _memory;
    private readonly nint* _values;
    private readonly Bound[] _bound;

    /// <param name="session">Whose inputs.</param>
    /// <param name="memory">What describes the daemon's memory to the library; lives longer.</param>
    public RunInputs(OnnxSession session, OnnxHandle memory)
    {
        _session = session;
        _api = session.Api;
        _memory = memory;
        _values = (nint*)NativeMemory.AllocZeroed((nuint)session.Inputs.Length + 1, (nuint)sizeof(nint));
        _bound = new Bound[session.Inputs.Length];
    }

    /// <summary>What the library reads; <see cref="Count"/> of them.</summary>
    public nint* Values => _values;

    public int Count => _bound.Length;

    /// <summary>Of all inputs together.</summary>
    public long Bytes
    {
        get
        {
            long bytes = 0;
            foreach (ref readonly Bound bound in _bound.AsSpan())
            {
                bytes += bound.Bytes;
            }

            return bytes;
        }
    }

    /// <summary>As <see cref="OnnxRun.SetInput"/> says it.</summary>
    public void Set(int index, in TensorShape shape, TensorBlock block, long byteCount)
    {
        ref Bound bound = ref _bound[index];
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)byteCount, (ulong)block.Length, nameof(byteCount));
        ElementType type = _session.Inputs[index].Type;
        if (type == ElementType.Bytes)
        {
            Release(index);
            _values[index] = StringTensors.Create(_api, shape, block.GetSpan()[..(int)byteCount]);
            shape.TryElementCount(out bound.Texts);
            bound.Bytes = byteCount;
            bound.Set = true;
            return;
        }

        // The value describes memory, it does not hold it: the same address and shape need no new one.
        if (_values[index] == 0 || bound.Address != block.Address || bound.Bytes != byteCount || !bound.Shape.SequenceEqual(shape))
        {
            Release(index);
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

            _values[index] = value;
            bound.Address = block.Address;
            bound.Bytes = byteCount;
            bound.Shape = shape;
        }

        bound.Set = true;
    }

    /// <summary>A value left from an earlier run describes memory that may be another request's by now.</summary>
    /// <exception cref="InvalidOperationException">One was not set since the last run.</exception>
    public void Require()
    {
        for (int i = 0; i < _bound.Length; i++)
        {
            if (!_bound[i].Set)
            {
                throw new InvalidOperationException($"Input '{_session.Inputs[i].Name}' was not set for this run.");
            }
        }
    }

    /// <summary>Each is to be set again before the next run.</summary>
    public void Forget()
    {
        for (int i = 0; i < _bound.Length; i++)
        {
            _bound[i].Set = false;
            if (_session.Inputs[i].Type == ElementType.Bytes)
            {
                Release(i); // Holds a copy of the caller's text.
            }
        }
    }

    /// <summary>Whether those bytes lie in the memory of an input of the last run.</summary>
    public bool Cover(byte* data, long bytes)
    {
        foreach (ref readonly Bound bound in _bound.AsSpan())
        {
            if (data >= bound.Address && data + bytes <= bound.Address + bound.Bytes)
            {
                return true;
            }
        }

        return false;
    }

    public void Dispose()
    {
        for (int i = 0; i < _bound.Length; i++)
        {
            Release(i);
        }

        NativeMemory.Free(_values);
    }

    private void Release(int index)
    {
        ref Bound bound = ref _bound[index];
        bound.Set = false;
        if (_values[index] != 0)
        {
            StringTensors.Release(_api, _values[index], bound.Texts);
            bound.Texts = 0;
            _values[index] = 0;
        }
    }

    private struct Bound
    {
        public byte* Address;
        public long Bytes;
        public TensorShape Shape;
        public long Texts; // of a string tensor, which the library keeps a copy of each of
        public bool Set;
    }
}
