namespace EdgeDaemon.Core.Audit;

/// <summary>Bytes that are no record, note, checkpoint, certificate, proof or header of an audit log; the message says what is wrong with them.</summary>
public sealed class AuditFormatException(string message) : Exception(message);
