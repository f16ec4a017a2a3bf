using System.Text.Json;

namespace EdgeDaemon.Core.Audit.Records;

/// <summary>A row of the field table in README.md, which a test holds against this one.</summary>
public sealed class FieldRule
{
    /// <summary>Numbers of fields are below this one: a tag is a varint of at most two bytes, and a set of fields two words.</summary>
    public const int Numbers = 128;

    private static readonly FieldRule?[] Rules = MakeRules();

    private FieldRule(string name, FieldForm form, int bound, bool isList, bool isIdentifying)
    {
        Name = JsonEncodedText.Encode(name);
        Form = form;
        Bound = bound;
        IsList = isList;
        IsIdentifying = isIdentifying;
    }

    /// <summary>The field's name in JSON.</summary>
    public JsonEncodedText Name { get; }

    /// <summary><see cref="FieldForm.Number"/>, <see cref="FieldForm.Text"/> or <see cref="FieldForm.Bytes"/>.</summary>
    public FieldForm Form { get; }

    /// <summary>Most bytes of a text or of bytes; zero for a number.</summary>
    public int Bound { get; }

    /// <summary>Whether it may come often.</summary>
    public bool IsList { get; }

    /// <summary>Whether it tells who somebody is, so that policy may want it redacted.</summary>
    public bool IsIdentifying { get; }

    /// <summary>Null for a number that this version does not know.</summary>
    public static FieldRule? Of(RecordField field) => (int)field < Numbers ? Rules[(int)field] : null;

    private static FieldRule Number(string name, bool list = false) => new(name, FieldForm.Number, 0, list, false);

    private static FieldRule Text(string name, int bound, bool identifying = false) => new(name, FieldForm.Text, bound, false, identifying);

    private static FieldRule Bytes(string name, int bound, bool list = false) => new(name, FieldForm.Bytes, bound, list, false);

    private static FieldRule?[] MakeRules()
    {
        var rules = new FieldRule?[Numbers];
        rules[(int)RecordField.RequestId] = Text("request_id", 64);
        rules[(int)RecordField.Tenant] = Text("tenant", 64);
        rules[(int)RecordField.Caller] = Text("caller", 256, identifying: true);
        rules[(int)RecordField.Listener] = Text("listener", 64);
        rules[(int)RecordField.Peer] = Text("peer", 128, identifying: true);
        rules[(int)RecordField.Protocol] = Text("protocol", 16);
        rules[(int)RecordField.Model] = Text("model", 128);
        rules[(int)RecordField.ModelVersion] = Text("model_version", 64);
        rules[(int)RecordField.Release] = Bytes("release", 32);
        rules[(int)RecordField.DigestAlgorithm] = Number("digest_algorithm");
        rules[(int)RecordField.InputDigest] = Bytes("input_digest", 32);
        rules[(int)RecordField.OutputDigest] = Bytes("output_digest", 32);
        rules[(int)RecordField.Outcome] = Text("outcome", 32);
        rules[(int)RecordField.Refusal] = Text("refusal", 64);
        rules[(int)RecordField.Status] = Number("status");
        rules[(int)RecordField.Detail] = Text("detail", 512);
        rules[(int)RecordField.Rows] = Number("rows");
        rules[(int)RecordField.Class] = Number("class", list: true);
        rules[(int)RecordField.Label] = Text("label", 128);
        rules[(int)RecordField.AgreementMillionths] = Number("agreement_millionths", list: true);
        rules[(int)RecordField.Votes] = Number("votes", list: true);
        rules[(int)RecordField.Members] = Number("members");
        rules[(int)RecordField.FailedMembers] = Number("failed_members");
        rules[(int)RecordField.InputBytes] = Number("input_bytes");
        rules[(int)RecordField.OutputBytes] = Number("output_bytes");
        rules[(int)RecordField.InputMicroseconds] = Number("input_microseconds");
        rules[(int)RecordField.QueueMicroseconds] = Number("queue_microseconds");
        rules[(int)RecordField.InferMicroseconds] = Number("infer_microseconds");
        rules[(int)RecordField.OutputMicroseconds] = Number("output_microseconds");
        rules[(int)RecordField.TotalMicroseconds] = Number("total_microseconds");
        rules[(int)RecordField.Role] = Text("role", 32);
        rules[(int)RecordField.Durability] = Number("durability");
        rules[(int)RecordField.Abstained] = Number("abstained");
        rules[(int)RecordField.AbstainedRow] = Number("abstained_row", list: true);
        rules[(int)RecordField.Action] = Text("action", 64);
        rules[(int)RecordField.Subject] = Text("subject", 256);
        rules[(int)RecordField.OldValue] = Text("old_value", 256);
        rules[(int)RecordField.NewValue] = Text("new_value", 256);
        rules[(int)RecordField.ReleaseSequence] = Number("release_sequence");
        rules[(int)RecordField.SecurityFloor] = Number("security_floor");
        rules[(int)RecordField.TrustVersion] = Number("trust_version");
        rules[(int)RecordField.Key] = Bytes("key", 32, list: true);
        rules[(int)RecordField.Trust] = Bytes("trust", 32);
        rules[(int)RecordField.Configuration] = Bytes("configuration", 32);
        rules[(int)RecordField.Program] = Bytes("program", 32);
        rules[(int)RecordField.Runtime] = Bytes("runtime", 32);
        rules[(int)RecordField.Version] = Text("version", 32);
        rules[(int)RecordField.Boot] = Text("boot", 36);
        rules[(int)RecordField.Process] = Number("process");
        rules[(int)RecordField.UptimeSeconds] = Number("uptime_seconds");
        rules[(int)RecordField.Note] = Text("note", 4096);
        rules[(int)RecordField.Epoch] = Number("epoch");
        rules[(int)RecordField.Segment] = Number("segment");
        rules[(int)RecordField.Offset] = Number("offset");
        rules[(int)RecordField.Size] = Number("size");
        rules[(int)RecordField.Root] = Bytes("root", 32);
        rules[(int)RecordField.Cause] = Text("cause", 64);
        rules[(int)RecordField.Count] = Number("count");
        rules[(int)RecordField.Bytes] = Number("bytes");
        rules[(int)RecordField.FirstSequence] = Number("first_sequence");
        rules[(int)RecordField.LastSequence] = Number("last_sequence");
        rules[(int)RecordField.Error] = Number("error");
        rules[(int)RecordField.OldTime] = Number("old_time");
        rules[(int)RecordField.NewTime] = Number("new_time");
        rules[(int)RecordField.Alert] = Text("alert", 64);
        rules[(int)RecordField.ScoreMillionths] = Number("score_millionths");
        rules[(int)RecordField.LimitMillionths] = Number("limit_millionths");
        rules[(int)RecordField.NoiseKeyDigest] = Bytes("noise_key_digest", 32);
        rules[(int)RecordField.NoiseKey] = Bytes("noise_key", 64);
        rules[(int)RecordField.NoiseCounter] = Number("noise_counter", list: true);
        rules[(int)RecordField.SigmaMillionths] = Number("sigma_millionths");
        rules[(int)RecordField.RadiusMillionths] = Number("radius_millionths", list: true);
        rules[(int)RecordField.AlphaBillionths] = Number("alpha_billionths");
        rules[(int)RecordField.Samples] = Number("samples");
        rules[(int)RecordField.TopCount] = Number("top_count");
        rules[(int)RecordField.Certificate] = Bytes("certificate", 32);
        rules[(int)RecordField.CertificateText] = Text("certificate_text", 60_000);
        rules[(int)RecordField.LeftOutFields] = Number("left_out_fields");
        return rules;
    }
}
