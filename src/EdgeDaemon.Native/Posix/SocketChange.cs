namespace EdgeDaemon.Native.Posix;

/// <summary>What a <see cref="ReadinessQueue"/> reports.</summary>
/// <param name="Token">The socket's name, <see cref="ReadinessQueue.Signalled"/>, or <see cref="ReadinessQueue.Ended"/>.</param>
/// <param name="Readiness">What has become possible.</param>
public readonly record struct SocketChange(ulong Token, Readiness Readiness);
