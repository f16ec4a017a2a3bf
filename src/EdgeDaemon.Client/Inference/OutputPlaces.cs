using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Client.Inference;

/// <summary>Where the outputs of one answer go: into the buffers that the caller gave, each once, or into new memory.</summary>
internal sealed class OutputPlaces(IReadOnlyList<RequestedOutput>? asked)
{
    private readonly HashSet<string> _seen = [];

    /// <summary>Memory of exactly <paramref name="size"/> bytes.</summary>
    /// <exception cref="EdgeClientException">The caller's buffer is smaller, or the answer names the output a second time.</exception>
    public Memory<byte> For(string name, int size)
    {
        // A second output of the name would overwrite the first in the caller's buffer.
        if (!_seen.Add(name))
        {
            throw Invalid($"output '{name}' is there twice");
        }

        for (int i = 0; i < asked?.Count; i++)
        {
            if (asked[i].Name == name && !asked[i].Destination.IsEmpty)
            {
                return size <= asked[i].Destination.Length
                    ? asked[i].Destination[..size]
                    : throw new EdgeClientException(
                        EdgeClientFailure.BufferTooSmall, $"output '{name}' has {size} bytes, its buffer {asked[i].Destination.Length}");
            }
        }

        return size == 0 ? Memory<byte>.Empty : GC.AllocateUninitializedArray<byte>(size);
    }

    /// <summary>Refuses an output whose size its shape and type do not give.</summary>
    public static void CheckSize(string name, ElementType type, ReadOnlySpan<long> dimensions, long size)
    {
        if (!TensorShape.TryCreate(dimensions, out TensorShape shape)
            || (type != ElementType.Bytes && (!shape.TryByteCount(type, out long expected) || expected != size)))
        {
            throw Invalid($"output '{name}' has {size} bytes, which its shape and type do not give");
        }
    }

    public static EdgeClientException Invalid(string what, Exception? cause = null) =>
        new(EdgeClientFailure.AnswerInvalid, $"the answer breaks the protocol: {what}", cause);
}
