using System.Text.Json;

namespace EdgeDaemon.Core.Audit.Records;

/// <summary>The names of kinds, as README.md has them.</summary>
public static class RecordKinds
{
    private static readonly JsonEncodedText[] Names =
    [
        .. new[]
        {
            "", "request", "refusal", "authentication_failure", "model_change", "trust_change", "configuration_change", "admin_action", "start", "stop", "recovery", "alert",
            "heartbeat", "epoch", "checkpoint", "dropped", "spool_full", "spool_failure", "clock_change", "retention", "seed_reveal", "certificate",
        }.Select(name => JsonEncodedText.Encode(name)),
    ];

    /// <summary>One more than the highest kind of this version.</summary>
    public static int Count => Names.Length;

    /// <summary>Null for a kind that this version does not know.</summary>
    public static JsonEncodedText? Name(RecordKind kind) => kind > 0 && (int)kind < Names.Length ? Names[(int)kind] : null;

    /// <summary>The kind of that name, or null.</summary>
    public static RecordKind? Find(ReadOnlySpan<char> name)
    {
        for (int kind = 1; kind < Names.Length; kind++)
        {
            if (name.SequenceEqual(Names[kind].Value))
            {
                return (RecordKind)kind;
            }
        }

        return null;
    }
}
