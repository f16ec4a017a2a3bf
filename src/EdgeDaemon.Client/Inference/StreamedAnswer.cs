namespace EdgeDaemon.Client.Inference;

/// <summary>What came for one request of a stream: an answer, or the daemon's public text of its refusal.</summary>
/// <param name="Id">The request's.</param>
/// <param name="Answer">Null when the request was refused.</param>
/// <param name="Refusal">Null when it was not. The stream goes on.</param>
public sealed record StreamedAnswer(string? Id, InferenceAnswer? Answer, string? Refusal);
