using System.Text.Json;

namespace EdgeDaemon.Core.Smoothing.Certificates;

/// <summary>A JSON value that knows where it stands, so that a fault in it can be shown.</summary>
/// <param name="Kind">Of its first token.</param>
/// <param name="At">Offset of its first byte.</param>
internal sealed record CertificateNode(JsonTokenType Kind, int At)
{
    /// <summary>A text's characters, or a number's digits as they were written.</summary>
    public string Text { get; init; } = "";

    /// <summary>Of an object, in written order: each name once.</summary>
    public List<KeyValuePair<string, CertificateNode>> Members { get; } = [];

    /// <summary>Of an array.</summary>
    public List<CertificateNode> Items { get; } = [];
}
