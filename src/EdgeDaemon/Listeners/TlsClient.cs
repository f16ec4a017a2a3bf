using System.Collections.Immutable;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Identity;

namespace EdgeDaemon.Listeners;

/// <summary>Who proved himself by a certificate, and what it takes to judge him again when the operator's material changes.</summary>
/// <param name="Caller">His name.</param>
/// <param name="Certificate">DER of his certificate.</param>
/// <param name="Authorities">Those above it, root last; the objects are shared by all who came that way.</param>
internal sealed record TlsClient(Caller Caller, ReadOnlyMemory<byte> Certificate, ImmutableArray<OmsCertificate> Authorities);
