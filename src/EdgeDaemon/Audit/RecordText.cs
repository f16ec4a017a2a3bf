using System.Text;
using System.Text.Unicode;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Monitoring;

namespace EdgeDaemon.Audit;

/// <summary>Texts of records in UTF-8: words of enums, made once, and what a request brings, without a text in between.</summary>
internal static class RecordText
{
    // Names of tenants, callers, models: longer ones take the writer's own, slower way.
    private const int ShortText = 128;

    private static readonly byte[][] Refusals = [.. Enum.GetValues<Refusal>().Select(refusal => Encoding.UTF8.GetBytes(MetricsPage.Word(refusal)))];
    private static readonly byte[][] Outcomes = [.. Enum.GetValues<Outcome>().Select(outcome => Encoding.UTF8.GetBytes(MetricsPage.Word(outcome)))];

    /// <summary>As metrics have it: lower_snake.</summary>
    public static ReadOnlySpan<byte> Of(Refusal refusal) => Refusals[(int)refusal];

    /// <summary>The same.</summary>
    public static ReadOnlySpan<byte> Of(Outcome outcome) => Outcomes[(int)outcome];

    public static ReadOnlySpan<byte> Of(RequestWire wire) => wire switch
    {
        RequestWire.Grpc => "grpc"u8,
        RequestWire.GrpcStream => "grpc_stream"u8,
        RequestWire.Control => "control"u8,
        _ => "rest"u8,
    };

    /// <summary>An empty text is not written.</summary>
    public static void Write(this ref RecordWriter record, RecordField field, scoped ReadOnlySpan<char> text)
    {
        Span<byte> utf8 = stackalloc byte[ShortText];
        if (text.Length <= ShortText && Utf8.FromUtf16(text, utf8, out _, out int written) == System.Buffers.OperationStatus.Done)
        {
            record.Text(field, utf8[..written]);
        }
        else
        {
            record.Text(field, text);
        }
    }
}
