namespace EdgeDaemon.Core.Audit.Records;

/// <summary>What a record tells of: its first byte. Numbers are never used again (README.md).</summary>
public enum RecordKind : byte
{
    Request = 1,
    Refusal = 2,
    AuthenticationFailure = 3,
    ModelChange = 4,
    TrustChange = 5,
    ConfigurationChange = 6,
    AdminAction = 7,
    Start = 8,
    Stop = 9,
    Recovery = 10,
    Alert = 11,
    Heartbeat = 12,
    Epoch = 13,
    Checkpoint = 14,
    Dropped = 15,
    SpoolFull = 16,
    SpoolFailure = 17,
    ClockChange = 18,
    Retention = 19,
    SeedReveal = 20,
    Certificate = 21,
}
