using EdgeDaemon.Core.Protocol.Grpc;

namespace EdgeDaemon.Tests.Protocol.Grpc;

/// <summary>Tensor memory for tests: an array that grows.</summary>
internal sealed class ArrayMemory : ITensorMemory
{
    private byte[] _bytes = [];
    private int _written;

    public Span<byte> Written => _bytes.AsSpan(0, _written);

    public void Truncate(int count) => _written = count;

    public void Advance(int count) => _written += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_bytes.Length - _written < Math.Max(sizeHint, 1))
        {
            Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, _written + Math.Max(sizeHint, 1)));
        }

        return _bytes.AsMemory(_written);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
}
