using System.Globalization;
using System.Text;

namespace EdgeDaemon.EndToEnd;

/// <summary>Requests put together so that one thing about them can be wrong.</summary>
internal static class BadRequest
{
    public static string Head(string datatype, string shape, int bytes) =>
        $$$"""{"inputs":[{"name":"image","datatype":"{{{datatype}}}","shape":[{{{shape}}}],"parameters":{"binary_data_size":{{{bytes}}}}}]}""";

    public static byte[] Infer(string model, string head, byte[] tensors) => Digits.Infer(model, Encoding.UTF8.GetBytes(head), tensors);

    public static byte[] Chunked(string model, string head, byte[] tensors)
    {
        int length = head.Length + tensors.Length;
        byte[] body = [.. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{length:x}\r\n{head}")), .. tensors, .. "\r\n0\r\n\r\n"u8];
        return HttpConnection.Request("POST", $"/v2/models/{model}/infer", body, $"Inference-Header-Content-Length: {head.Length}", "Transfer-Encoding: chunked");
    }

    public static byte[] Json(string json, string model = "digits") => Digits.Infer(model, Encoding.UTF8.GetBytes(json));

    public static byte[] Mlp(string data) => Json($$"""{"inputs":[{"name":"x","datatype":"FP32","shape":[1,16],"data":[{{data}}]}]}""", "bench-mlp");

    public static byte[] Post(string model, ReadOnlySpan<byte> body, params string[] headers) => HttpConnection.Request("POST", $"/v2/models/{model}/infer", body, headers);
}
