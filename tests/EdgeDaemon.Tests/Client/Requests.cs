using EdgeDaemon.Client.Inference;

namespace EdgeDaemon.Tests.Client;

internal static class Requests
{
    public static InferenceRequest OneFloat => new("m", [InputTensor.OfFloats("x", [1, 1], [1f])]);
}
