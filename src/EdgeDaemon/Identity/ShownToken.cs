namespace EdgeDaemon.Identity;

/// <summary>A token that was found good, so that the next request of its connection need not pay for its signature again.</summary>
/// <param name="By">Whose keys and rules it met; other ones judge it anew.</param>
/// <param name="Digest">SHA-256 of its text: the token itself is not kept.</param>
/// <param name="End">From then on it is refused.</param>
internal sealed record ShownToken(TokenAuthority By, byte[] Digest, DateTimeOffset End);
