using System.Buffers;
using System.Security.Cryptography;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Core.Protocol.Grpc;

namespace EdgeDaemon.Client.Grpc;

/// <summary>Reads the messages of one gRPC answer as they arrive, field by field: what is large goes past the buffer to where it will be used.</summary>
/// <param name="body">The answer's body.</param>
/// <param name="limit">Bytes of the largest message that is accepted.</param>
internal sealed class MessageReader(Stream body, int limit) : IDisposable
{
    /// <summary>Everything but tensors is small.</summary>
    public const int MostSmallBytes = 4 << 20;

    private const int BufferBytes = 4096;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    private int _start;
    private int _end;

    /// <summary>Bytes of the current message that have not been read.</summary>
    public long Left { get; private set; }

    /// <summary>Goes to the next message; false at the end of the answer.</summary>
    public async ValueTask<bool> NextAsync(CancellationToken cancellation)
    {
        switch (await BufferAsync(GrpcFrame.PrefixSize, cancellation))
        {
            case >= GrpcFrame.PrefixSize:
                Left = GrpcFrame.ReadPrefix(_buffer.AsSpan(_start, GrpcFrame.PrefixSize), limit);
                _start += GrpcFrame.PrefixSize;
                return true;
            case 0:
                return false;
            default:
                throw Truncated();
        }
    }

    /// <summary>The beginning of the next field of a message that ends where <see cref="Left"/> is <paramref name="stop"/>.</summary>
    public async ValueTask<ProtobufField> FieldAsync(long stop, CancellationToken cancellation)
    {
        int wanted = (int)Math.Min(ProtobufField.MostBytes, Left - stop);
        if (await BufferAsync(wanted, cancellation) < wanted)
        {
            throw Truncated();
        }

        ProtobufField field = ProtobufField.Read(_buffer.AsSpan(_start, wanted));
        _start += field.Size;
        Left -= field.Size;
        return field.IsDelimited && field.Value > (ulong)(Left - stop)
            ? throw OutputPlaces.Invalid("a field reaches beyond its message")
            : field;
    }

    /// <summary>So many bytes of the message, in memory of their own.</summary>
    public async ValueTask<byte[]> SmallAsync(long count, CancellationToken cancellation)
    {
        if (count > MostSmallBytes)
        {
            throw OutputPlaces.Invalid($"{count} bytes that are no tensor");
        }

        byte[] bytes = new byte[count];
        await FillAsync(bytes, cancellation);
        return bytes;
    }

    /// <summary>The next bytes of the message.</summary>
    public async ValueTask FillAsync(Memory<byte> bytes, CancellationToken cancellation)
    {
        Left -= bytes.Length;
        int there = Math.Min(_end - _start, bytes.Length);
        _buffer.AsSpan(_start, there).CopyTo(bytes.Span);
        _start += there;
        for (bytes = bytes[there..]; !bytes.IsEmpty;)
        {
            int read = await body.ReadAsync(bytes, cancellation);
            bytes = read > 0 ? bytes[read..] : throw Truncated();
        }
    }

    public void Dispose()
    {
        // The beginnings of tensors passed through; the next renter may be anyone in this process.
        CryptographicOperations.ZeroMemory(_buffer);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        (_start, _end) = (0, 0);
    }

    private static EdgeClientException Truncated() => OutputPlaces.Invalid("it ends in the middle of a message");

    /// <summary>Bytes that lie in the buffer: at least <paramref name="count"/>, fewer only at the end of the answer.</summary>
    private async ValueTask<int> BufferAsync(int count, CancellationToken cancellation)
    {
        if (_start > 0 && _buffer.Length - _start < count)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        while (_end - _start < count)
        {
            int read = await body.ReadAsync(_buffer.AsMemory(_end), cancellation);
            if (read == 0)
            {
                break;
            }

            _end += read;
        }

        return _end - _start;
    }
}
