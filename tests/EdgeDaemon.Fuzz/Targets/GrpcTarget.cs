using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Protocol.Grpc;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Fuzz.Targets;

/// <summary>One ModelInferRequest, fed whole and again in small pieces: both must give the same verdict, and it must be the oracle's.</summary>
internal sealed class GrpcTarget : FuzzTarget
{
    private readonly InferRequest _request = new();
    private readonly ModelInferRequestReader _reader = new(() => new ArrayMemory());

    public override string Name => "grpc";

    public override string Oracle => "grpc_infer.py";

    public override IReadOnlyList<byte[]> Dictionary { get; } =
    [
        // Tags of all three levels, lengths, edges of varints, groups, types, keys that mean something.
        [0x0a], [0x12], [0x1a], [0x22], [0x2a], [0x32], [0x3a], [0x42], [0x08], [0x10], [0x18], [0x20], [0x28], [0x35], [0x39], [0x0b], [0x0c], [0x07], [0x00],
        [0x80, 0x00], [0xff, 0xff, 0xff, 0xff, 0x0f], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02],
        [0x80, 0x80, 0x80, 0x80, 0xf8, 0xff, 0xff, 0xff, 0xff, 0x01], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], [0x80, 0x80, 0x80, 0x80, 0x08], [0xff, 0x01], [0x80, 0x02],
        .. ((string[])["BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "BF16", "FP32", "FP64", "BYTES", "shared_memory_region", "classification", "binary_data_output"])
            .Select(text => (byte[])[0x12, (byte)text.Length, .. System.Text.Encoding.ASCII.GetBytes(text)]),
        [0x0a, 0x01, 0x61], [0x2a, 0x00], [0x3a, 0x00], [0x3a, 0x04, 1, 2, 3, 4], [0x1a, 0x01, 0x02], [0x18, 0x02], [0x08, 0x01], [0x08, 0x02], [0x22, 0x02, 0x08, 0x01], [0xc3, 0x28],
    ];

    public override string Judge(ReadOnlySpan<byte> input)
    {
        string whole = Read(input, input.Length);
        string pieces = Read(input, 1 + (input.Length % 5));
        return whole == pieces ? whole : throw new InvalidOperationException($"in pieces: {pieces}, whole: {whole}");
    }

    private string Read(ReadOnlySpan<byte> input, int piece)
    {
        try
        {
            _reader.Begin(_request, ProtocolLimits.Default, input.Length);
            while (!input.IsEmpty)
            {
                ReadOnlySpan<byte> next = input[..Math.Min(Math.Max(piece, 1), input.Length)];
                _reader.Feed(next);
                input = input[next.Length..];
            }

            _reader.End();
            int index = 0;
            string verdict = OipVerdict.Of(_request, default, tensor => Tensor(tensor, index++));
            return $"{verdict} model={Convert.ToHexStringLower(_request.ModelName)} version={Convert.ToHexStringLower(_request.ModelVersion)}";
        }
        catch (RefusedException)
        {
            return "reject";
        }
    }

    private byte[] Tensor(InferInput input, int index)
    {
        byte[] tensor = _reader.DataOf(index)?.Written.ToArray() ?? [];
        if (input.Type == ElementType.Bool)
        {
            BoolTensor.Validate(tensor);
        }
        else if (input.Type == ElementType.Bytes)
        {
            input.Shape.TryElementCount(out long count);
            BytesTensor.Validate(tensor, count);
        }

        return tensor;
    }

    /// <summary>Tensor memory for tests: an array that grows.</summary>
    private sealed class ArrayMemory : ITensorMemory
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
}
