using System.Text;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Protocol;

/// <summary>One entry of a request's <c>inputs</c>. Reused with its <see cref="InferRequest"/>: valid until that is reset.</summary>
public sealed class InferInput
{
    private readonly InferRequest _request;
    private TensorShape _shape;

    internal InferInput(InferRequest request) => _request = request;

    /// <summary>UTF-8, not empty, without control characters.</summary>
    public ReadOnlySpan<byte> Name => _request.Text(NameRange);

    public ElementType Type { get; internal set; }

    /// <summary>No negative dimension; elements and bytes fit in 63 bits.</summary>
    public ref readonly TensorShape Shape => ref _shape;

    /// <summary>Bytes of this tensor in the binary part of the body; -1 when its data are JSON.</summary>
    public long BinarySize { get; internal set; }

    /// <summary>Where the tensor starts in the body, the head included; set by <see cref="BinaryBody.Plan"/>, -1 before.</summary>
    public long BinaryStart { get; internal set; }

    /// <summary>First byte (<c>[</c>) of the <c>data</c> array in the JSON head; -1 when the data are binary.</summary>
    public int DataStart { get; internal set; }

    /// <summary>Bytes of the <c>data</c> array with its brackets. Its content is not yet parsed: <see cref="JsonTensorReader"/> does.</summary>
    public int DataLength { get; internal set; }

    public bool IsBinary => BinarySize >= 0;

    internal TextRange NameRange { get; set; }

    internal ref TensorShape MutableShape => ref _shape;

    public bool NameIs(ReadOnlySpan<byte> utf8) => Name.SequenceEqual(utf8);

    /// <summary>The name as a string: allocates, for logs and records.</summary>
    public string NameText() => Encoding.UTF8.GetString(Name);

    internal void Reset()
    {
        NameRange = default;
        Type = default;
        _shape = default;
        BinarySize = -1;
        BinaryStart = -1;
        DataStart = -1;
        DataLength = 0;
    }
}
