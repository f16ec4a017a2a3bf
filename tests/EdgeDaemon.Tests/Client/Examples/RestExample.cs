using EdgeDaemon.Client;
using EdgeDaemon.Client.Inference;

namespace EdgeDaemon.Tests.Client.Examples;

internal static class RestExample
{
    public static async Task<float[]> RunAsync(string socket, float[] values)
    {
        // README: begin
        using var client = new EdgeClient(socket);  // for example /run/edged/edged.sock
        var request = new InferenceRequest("linear", [InputTensor.OfFloats("x", [1, values.Length], values)])
        {
            Deadline = TimeSpan.FromSeconds(2),
        };
        InferenceAnswer answer = await client.InferAsync(request);
        float[] scores = answer["y"].ToFloats();
        // README: end
        return scores;
    }
}
