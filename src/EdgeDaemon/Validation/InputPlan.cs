using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Validation;

/// <summary>
/// One inference request after its head was held against the model: for every input of the model, in the model's order,
/// the concrete shape, the bytes it will occupy and where they come from. Reused from request to request.
/// </summary>
internal sealed class InputPlan
{
    private PlannedInput[] _inputs = [];

    public int Count { get; private set; }

    /// <summary>All tensor memory the request needs, preprocessed copies included.</summary>
    public long TotalBytes { get; set; }

    /// <summary>Of the tensors alone, as they come.</summary>
    public long ArrivingBytes
    {
        get
        {
            long bytes = 0;
            foreach (ref readonly PlannedInput input in _inputs.AsSpan(0, Count))
            {
                bytes += input.Bytes;
            }

            return bytes;
        }
    }

    public ref PlannedInput this[int index] => ref _inputs[index];

    public void Begin(int count)
    {
        if (_inputs.Length < count)
        {
            _inputs = new PlannedInput[count];
        }

        Array.Clear(_inputs, 0, count);
        Count = count;
        TotalBytes = 0;
    }
}

/// <summary>One input of a plan.</summary>
internal struct PlannedInput
{
    public bool Given;
    public TensorShape Shape;

    /// <summary>Elements of the tensor.</summary>
    public long Elements;

    /// <summary>Bytes in tensor memory before preprocessing; for BYTES in wire form.</summary>
    public long Bytes;

    /// <summary>Index in the request's own list, which is also the order of the binary tensors in the body; -1 for a raw body.</summary>
    public int RequestIndex;

    /// <summary>Bytes after preprocessing; 0 without.</summary>
    public long PreparedBytes;
}
