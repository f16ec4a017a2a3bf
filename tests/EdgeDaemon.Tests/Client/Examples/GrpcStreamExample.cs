using EdgeDaemon.Client;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Tests.Client.Examples;

internal static class GrpcStreamExample
{
    public static async Task<List<byte[]>> RunAsync(string socket, byte[] frame, IEnumerable<Action<byte[]>> camera)
    {
        var seen = new List<byte[]>();
        void Show(ReadOnlySpan<byte> scores) => seen.Add(scores.ToArray());

        // README: begin
        using var client = new EdgeClient(socket);
        await using EdgeInferenceStream stream = client.OpenStream();
        byte[] scores = new byte[40];  // every answer is received here
        var request = new InferenceRequest("digits", [new InputTensor("image", ElementType.UInt8, [1, 1, 8, 8], frame)])
        {
            Outputs = [new RequestedOutput("logits", scores)],
        };
        await using IAsyncEnumerator<StreamedAnswer> answers = stream.ReadAllAsync().GetAsyncEnumerator();
        foreach (Action<byte[]> capture in camera)
        {
            capture(frame);
            await stream.SendAsync(request);
            if (await answers.MoveNextAsync() && answers.Current.Refusal is null)
            {
                Show(scores);
            }
        }

        await stream.CompleteAsync();
        // README: end
        return seen;
    }
}
