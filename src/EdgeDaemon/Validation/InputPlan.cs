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

    public ref PlannedInput this[int index] => ref _inputs[index];

    public ReadOnlySpan<PlannedInput> Inputs => _inputs.AsSpan(0, Count);

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
    public ElementType Type;
    public TensorShape Shape;

    /// <summary>Elements of the tensor.</summary>
    public long Elements;

    /// <summary>Bytes on the wire and in tensor memory, before preprocessing.</summary>
    public long Bytes;

    /// <summary>Position among the binary tensors of the body; -1 when the data are JSON.</summary>
    public int BinaryOrder;

    /// <summary>Where the JSON data lie in the head.</summary>
    public int JsonStart;
    public int JsonLength;

    /// <summary>Bytes after preprocessing; 0 without.</summary>
    public long PreparedBytes;
}
