namespace EdgeDaemon.Core.Bundles;

/// <summary>All that a bundle is judged by; nothing of it comes from the bundle.</summary>
/// <param name="Policy">The device's trust.</param>
/// <param name="History">What the device has accepted; <see cref="ReleaseHistory.Empty"/> off the device.</param>
/// <param name="Device">Null off the device: then targets are not judged.</param>
/// <param name="Time">Trusted time.</param>
public sealed record TrustContext(TrustPolicy Policy, ReleaseHistory History, DeviceIdentity? Device, TrustedTime Time)
{
    /// <summary>With a time that is believed as it is, as of a clock that is set.</summary>
    public TrustContext(TrustPolicy policy, ReleaseHistory history, DeviceIdentity? device, DateTimeOffset now)
        : this(policy, history, device, TrustedTime.Of(now, now))
    {
    }

    public DateTimeOffset Now => Time.Now;
}
