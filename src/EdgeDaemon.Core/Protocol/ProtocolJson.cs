using System.Text.Encodings.Web;
using System.Text.Json;

namespace EdgeDaemon.Core.Protocol;

/// <summary>How this folder writes JSON.</summary>
internal static class ProtocolJson
{
    // Answers are application/json, never part of a page: only what JSON itself demands is escaped.
    public static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };
}
