using System.Text;
using EdgeDaemon.Core.Protocol;

namespace EdgeDaemon.Fuzz.Targets;

/// <summary>The JSON head of an inference request and the tensors written in it.</summary>
internal sealed class OipJsonTarget : FuzzTarget
{
    private readonly InferRequest _request = new();

    public override string Name => "oip_json";

    public override string Oracle => "oip_json.py";

    public override IReadOnlyList<byte[]> Dictionary { get; } =
    [
        .. ((string[])
            [
                "\"id\":", "\"inputs\":", "\"outputs\":", "\"parameters\":", "\"name\":", "\"shape\":", "\"datatype\":", "\"data\":", "\"binary_data_size\":",
                "\"binary_data\":", "\"binary_data_output\":", "\"classification\":", "\"shared_memory_region\":", "\"triton_x\":", "null", "true", "false", "NaN",
                "Infinity", "-0", "-0.0", "0.1", "1e39", "65504", "65520", "3.4028235677973366e38", "1e-46", "9223372036854775807", "9223372036854775808",
                "18446744073709551615", "18446744073709551616", "-9223372036854775808", "-1", "1e400", "1e99999999999999999999", "0.333984375000000000001",
                "\"BOOL\"", "\"UINT8\"", "\"UINT16\"", "\"UINT32\"", "\"UINT64\"", "\"INT8\"", "\"INT16\"", "\"INT32\"", "\"INT64\"", "\"FP16\"", "\"BF16\"", "\"FP32\"",
                "\"FP64\"", "\"BYTES\"", "[", "]", "{", "}", ",", ":", "\"", "\\", "\\ud83d\\ude00", "\\ud800", "\\u0000", "\\u006e", "[[", "]]", "[]", "{}", " ", "\n",
                "[[[[[[[[[[[[[[[[", "]]]]]]]]]]]]]]]]", "é", "\u2028",
            ]).Select(Encoding.UTF8.GetBytes),
        [0xff], [0xed, 0xa0, 0x80], [0xef, 0xbb, 0xbf], [0],
    ];

    public override string Judge(ReadOnlySpan<byte> input)
    {
        try
        {
            InferRequestReader.Read(input, ProtocolLimits.Default, _request);
            return OipVerdict.Of(_request, input, binary: null);
        }
        catch (RefusedException)
        {
            return "reject";
        }
    }
}
