using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Bundles;

/// <summary>From version N of a device's trust policy to N + 1, as TUF's root does it: signed by the threshold of both.</summary>
public static class TrustUpdate
{
    /// <param name="current">What is in force.</param>
    /// <param name="envelope">The document.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="now">Trusted time.</param>
    /// <returns>The policy that is to be installed.</returns>
    /// <exception cref="BundleException">It may not replace the current one; the reason.</exception>
    /// <exception cref="TomlException">The payload is no TOML.</exception>
    /// <exception cref="TomlInvalidException">The payload is not a trust policy.</exception>
    public static TrustPolicy Judge(TrustPolicy current, TrustEnvelope envelope, string file, DateTimeOffset now)
    {
        // The old one's keys first: whatever they did not sign is not even parsed.
        if (!current.KeysFor(TrustRole.Trust).Any())
        {
            throw new BundleException($"version {current.Version} names no key with the role \"trust\"; such a policy is replaced by hand");
        }

        CheckSigned(envelope, current, "in force");
        TrustPolicy next = TrustPolicy.Parse(envelope.Payload.AsSpan(), file);
        if (next.Version != current.Version + 1)
        {
            throw new BundleException(next.Version <= current.Version
                ? $"it is version {next.Version}, and version {current.Version} is in force"
                : $"it is version {next.Version}; after version {current.Version} comes {current.Version + 1}: install the versions in between first");
        }

        CheckSigned(envelope, next, "itself");
        return next.IsExpired(now) ? throw new BundleException($"it expired on {next.Expires:u}") : next;
    }

    private static void CheckSigned(TrustEnvelope envelope, TrustPolicy policy, string which)
    {
        int signers = envelope.SignersOf(policy).Length;
        if (signers < policy.TrustThreshold)
        {
            throw new BundleException(
                $"{signers} trust keys of the policy {which} (version {policy.Version}) signed it, and that policy asks for {policy.TrustThreshold}");
        }
    }
}
