using System.Text;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Fuzz.Targets;

/// <summary>
/// A whole request body with its head length. One byte chooses the contract that a raw request meets, one gives the
/// length of the header's text, then that text (Latin-1, as header values are), then the body.
/// </summary>
internal sealed class BinaryBodyTarget : FuzzTarget
{
    private static readonly TensorContract[] Contracts =
    [
        new("x", ElementType.Float32, [-1, 4]),
        new("x", ElementType.Bytes, [1]),
        new("x", ElementType.UInt8, [2, 3]),
        new("x", ElementType.Int64, [-1, -1]),
        new("x", ElementType.Float16, [-1, 0]),
        new("x", ElementType.Bytes, [-1, 2]),
        new("x", ElementType.Bool, [3, -1]),
        new("x", ElementType.Float64, []),
    ];

    private readonly InferRequest _request = new();

    public override string Name => "binary_body";

    public override string Oracle => "binary_body.py";

    public override IReadOnlyList<byte[]> Dictionary { get; } =
    [
        .. ((string[])
            [
                "\"parameters\":{\"binary_data_size\":8}", "\"binary_data_size\":", "\"BYTES\"", "\"BOOL\"", "\"FP32\"", "\"INT8\"", "\"shape\":[2]", "\"shape\":[]", "0", "1",
                "12", "100", "-1", "+1", "9223372036854775807", "9223372036854775808", "18446744073709551616", " ", "\u0001", "\u0002\u0000\u0000\u0000", "[1,2]", "\"data\":[1]",
            ]).Select(Encoding.Latin1.GetBytes),
        [0, 0, 0, 0], [1, 0, 0, 0, 65], [0xff, 0xff, 0xff, 0xff],
    ];

    public override string Judge(ReadOnlySpan<byte> input)
    {
        if (input.Length < 2 || input[1] > input.Length - 2)
        {
            return "reject";
        }

        TensorContract contract = Contracts[input[0] % Contracts.Length];
        string header = Encoding.Latin1.GetString(input.Slice(2, input[1]));
        byte[] body = input[(2 + input[1])..].ToArray();
        if (!HeadLength.TryParse(header, out long head))
        {
            return "reject header";
        }

        try
        {
            if (head == 0)
            {
                RawRequest.Infer(contract, body.Length, out TensorShape shape);
                ValidateRaw(contract, body);
                return $"accept raw {shape} {RawRequest.TensorBytes(contract, body.Length)}";
            }

            BinaryBody.CheckHead(head, body.Length);
            ReadOnlySpan<byte> json = body.AsSpan(0, (int)head);
            if (!Reads(json))
            {
                return "reject";
            }

            BinaryBody.Plan(head, body.Length, _request);
            return OipVerdict.Of(_request, json, tensor => Binary(tensor, body));
        }
        catch (RefusedException refused)
        {
            return Class(refused.Refusal);
        }
    }

    // A head with two faults, its own tensors' included, is refused for the one that its reader met first; which that is, is no rule.
    private bool Reads(ReadOnlySpan<byte> json)
    {
        try
        {
            InferRequestReader.Read(json, ProtocolLimits.Default, _request);
            OipVerdict.Of(_request, json, binary: null);
            return true;
        }
        catch (RefusedException)
        {
            return false;
        }
    }

    // What a body's length can be refused for is told apart: to call a short body long would send its caller the wrong way.
    private static string Class(Refusal refusal) => refusal switch
    {
        Refusal.HeadLengthBeyondBody => "reject beyond",
        Refusal.InputWrongByteCount => "reject size",
        Refusal.BodyTruncated => "reject truncated",
        Refusal.BodyTrailingBytes => "reject trailing",
        _ => "reject",
    };

    private static void ValidateRaw(TensorContract contract, byte[] body)
    {
        if (contract.Type == ElementType.Bool)
        {
            BoolTensor.Validate(body);
        }
    }

    private static byte[] Binary(InferInput input, byte[] body)
    {
        byte[] tensor = body.AsSpan((int)input.BinaryStart, (int)input.BinarySize).ToArray();
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
}
