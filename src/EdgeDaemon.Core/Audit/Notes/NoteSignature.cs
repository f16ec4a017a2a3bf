namespace EdgeDaemon.Core.Audit.Notes;

/// <summary>One signature line of a note. Nothing is known of it until a <see cref="NoteVerifier"/> of that name and id says so.</summary>
/// <param name="Name">Of the key.</param>
/// <param name="KeyId">First four bytes of the blob, big-endian.</param>
/// <param name="Signature">The rest of the blob.</param>
public sealed record NoteSignature(string Name, uint KeyId, ReadOnlyMemory<byte> Signature);
