namespace EdgeDaemon.Core.Audit.Records;

/// <summary>How a field's value lies in the record: the low three bits of its tag.</summary>
public enum FieldForm : byte
{
    Number = 0,
    Text = 1,
    Bytes = 2,

    /// <summary>A text that was longer than its bound; what is there ends between two characters.</summary>
    CutText = 3,

    /// <summary>A text of which only the salt's id and an HMAC are there (<see cref="Redaction"/>).</summary>
    Redacted = 4,
}
