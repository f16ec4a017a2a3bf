namespace EdgeDaemon.Client.Inference;

/// <summary>What to ask of one model.</summary>
public sealed record InferenceRequest(string Model, IReadOnlyList<InputTensor> Inputs)
{
    /// <summary>A version the model must have, in digits; null for the one that is served.</summary>
    public string? Version { get; init; }

    /// <summary>Comes back in the answer; null for none.</summary>
    public string? Id { get; init; }

    /// <summary>The outputs wanted, by name or with a buffer to receive them in; null for all.</summary>
    public IReadOnlyList<RequestedOutput>? Outputs { get; init; }

    /// <summary>
    /// Ask how the members of an ensemble voted: <see cref="InferenceAnswer.Parameters"/> then hold <c>agreement</c>, <c>entropy</c>, <c>members</c> and
    /// <c>failed_members</c>, each the text of a JSON document with an element for each row. The daemon tells only callers with role observe or admin.
    /// </summary>
    public bool Votes { get; init; }

    /// <summary>Ask for a certified class of each input instead of outputs; null for outputs.</summary>
    public Certification? Certify { get; init; }

    /// <summary>Time for this call; null for the client's default. Means nothing in a stream, which has one deadline.</summary>
    public TimeSpan? Deadline { get; init; }
}
