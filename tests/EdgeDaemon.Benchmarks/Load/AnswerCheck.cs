using System.Runtime.InteropServices;
using System.Text.Json;

namespace EdgeDaemon.Benchmarks.Load;

/// <summary>Before anything is timed: one request, and its answer is the one that raw ONNX Runtime gave.</summary>
internal static class AnswerCheck
{
    private const float Tolerance = 1e-5f;

    public static void Run(Arguments arguments, byte[] request)
    {
        using ILoadConnection connection = arguments.Connect(arguments.Certificates is { } folder ? new ClientTls(folder, resume: false) : null);
        connection.Exchange(request);
        if (arguments.Expect is null)
        {
            return;
        }

        ReadOnlySpan<float> expected = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(arguments.Expect));
        float[] found = Values(arguments, connection);
        if (found.Length != expected.Length)
        {
            throw new LoadException($"the answer has {found.Length} values, raw ONNX Runtime gave {expected.Length}");
        }

        for (int index = 0; index < found.Length; index++)
        {
            float difference = Math.Abs(found[index] - expected[index]);
            if (!(difference <= Tolerance * Math.Max(1, Math.Abs(expected[index]))))
            {
                throw new LoadException($"value {index} of the answer is {found[index]:R}, raw ONNX Runtime gave {expected[index]:R}");
            }
        }
    }

    private static float[] Values(Arguments arguments, ILoadConnection connection)
    {
        switch (arguments.Mode)
        {
            case RequestMode.Bare:
                return MemoryMarshal.Cast<byte, float>(connection.Body).ToArray();
            case RequestMode.Grpc:
                return MemoryMarshal.Cast<byte, float>(GrpcMessage.FirstOutput(connection.Body).ToArray()).ToArray();
            case RequestMode.OipRaw or RequestMode.OipBinary:
                int head = ((HttpConnection)connection).Field("Inference-Header-Content-Length");
                return head >= 0
                    ? MemoryMarshal.Cast<byte, float>(connection.Body[head..].ToArray()).ToArray()
                    : throw new LoadException("a binary answer without Inference-Header-Content-Length");
            default:
                using (JsonDocument document = JsonDocument.Parse(connection.Body.ToArray()))
                {
                    var values = new List<float>();
                    Flatten(document.RootElement.GetProperty("outputs")[0].GetProperty("data"), values);
                    return [.. values];
                }
        }
    }

    private static void Flatten(JsonElement element, List<float> values)
    {
        if (element.ValueKind != JsonValueKind.Array)
        {
            values.Add(element.GetSingle());
            return;
        }

        foreach (JsonElement item in element.EnumerateArray())
        {
            Flatten(item, values);
        }
    }
}
