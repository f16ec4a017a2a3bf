using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace EdgeDaemon.Benchmarks.Load;

/// <summary>The one request of a run as the bytes that go on the wire; gRPC's message goes there in frames of HTTP/2.</summary>
internal static class PreparedRequest
{
    public static byte[] For(Arguments arguments)
    {
        var values = new float[arguments.Elements];
        for (int index = 0; index < values.Length; index++)
        {
            values[index] = (float)index / values.Length;
        }

        byte[] tensor = MemoryMarshal.AsBytes<float>(values).ToArray();
        string infer = $"/v2/models/{arguments.Model}/infer";
        string shape = string.Join(',', arguments.Shape);
        string input = $$"""{"name":"{{arguments.Input}}","shape":[{{shape}}],"datatype":"FP32",""";
        switch (arguments.Mode)
        {
            case RequestMode.Grpc:
                return GrpcMessage.Request(arguments, tensor);
            case RequestMode.Bare:
                return Post("/infer", "Content-Type: application/octet-stream\r\n", "", tensor);
            case RequestMode.OipRaw:
                return Post(infer, "Content-Type: application/octet-stream\r\nInference-Header-Content-Length: 0\r\n", "", tensor);
            case RequestMode.OipBinary:
                string head = $$$"""
                    {"inputs":[{{{input}}}"parameters":{"binary_data_size":{{{tensor.Length}}}}}],"outputs":[{"name":"{{{arguments.Output}}}","parameters":{"binary_data":true}}]}
                    """;
                return Post(
                    infer, $"Content-Type: application/octet-stream\r\nInference-Header-Content-Length: {Encoding.UTF8.GetByteCount(head)}\r\n", head, tensor);
            default:
                string data = string.Join(',', values.Select(value => value.ToString("R", CultureInfo.InvariantCulture)));
                return Post(infer, "Content-Type: application/json\r\n", $$"""{"inputs":[{{input}}"data":[{{data}}]}]}""", []);
        }
    }

    private static byte[] Post(string path, string fields, string head, byte[] tensor)
    {
        byte[] json = Encoding.UTF8.GetBytes(head);
        byte[] start = Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: localhost\r\n{fields}Content-Length: {json.Length + tensor.Length}\r\n\r\n");
        return [.. start, .. json, .. tensor];
    }
}
