namespace EdgeDaemon.Core.Bundles;

/// <summary>All that a bundle is judged by; nothing of it comes from the bundle.</summary>
/// <param name="Policy">The device's trust.</param>
/// <param name="History">What the device has accepted; <see cref="ReleaseHistory.Empty"/> off the device.</param>
/// <param name="Device">Null off the device: then targets are not judged.</param>
/// <param name="Now">Trusted time (<see cref="TrustedTime"/>).</param>
public sealed record TrustContext(TrustPolicy Policy, ReleaseHistory History, DeviceIdentity? Device, DateTimeOffset Now);
