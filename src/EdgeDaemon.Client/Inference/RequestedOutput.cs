namespace EdgeDaemon.Client.Inference;

/// <summary>
/// An output to ask for. With a <paramref name="Destination"/> its bytes are received there, and
/// <see cref="OutputTensor.Bytes"/> is the part that was filled; without one the answer owns them. When a call fails, what stands in the
/// destination means nothing.
/// </summary>
public sealed record RequestedOutput(string Name, Memory<byte> Destination = default)
{
    public static implicit operator RequestedOutput(string name) => new(name);
}
