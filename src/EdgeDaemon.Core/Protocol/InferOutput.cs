using System.Text;

namespace EdgeDaemon.Core.Protocol;

/// <summary>One entry of a request's <c>outputs</c>: what the caller wants back. Reused with its <see cref="InferRequest"/>.</summary>
public sealed class InferOutput
{
    private readonly InferRequest _request;

    internal InferOutput(InferRequest request) => _request = request;

    /// <summary>UTF-8, not empty, without control characters.</summary>
    public ReadOnlySpan<byte> Name => _request.Text(NameRange);

    /// <summary>The output's own <c>binary_data</c>; null when the request's <c>binary_data_output</c> decides.</summary>
    public bool? Binary { get; internal set; }

    internal TextRange NameRange { get; set; }

    public bool NameIs(ReadOnlySpan<byte> utf8) => Name.SequenceEqual(utf8);

    /// <summary>The name as a string: allocates, for logs and records.</summary>
    public string NameText() => Encoding.UTF8.GetString(Name);

    internal void Reset()
    {
        NameRange = default;
        Binary = null;
    }
}
