using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Ctl.Answers;

/// <summary>A trust policy for people and, as JSON, for programs.</summary>
internal static class TrustText
{
    public static void Write(TrustPolicy policy, DateTimeOffset now, TextWriter output)
    {
        output.WriteLine($"version     {policy.Version}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"expires     {policy.Expires.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z{(policy.IsExpired(now) ? "  EXPIRED" : "")}"));
        output.WriteLine($"threshold   {policy.Threshold} signer(s) of a release, {policy.TrustThreshold} of the next policy");
        output.WriteLine($"sequences   at most {policy.MaxSequenceJump} above the highest accepted");
        output.WriteLine($"expired     releases in service {(policy.ExpiredReleasesServe ? "go on" : "stop")}");
        foreach (ThresholdRule rule in policy.Rules)
        {
            output.WriteLine($"rule        {rule.Threshold} signer(s) for {string.Join(", ", rule.Models)}");
        }

        foreach (TrustedKey key in policy.Keys)
        {
            output.WriteLine($"key         {Printable.Of(key.Name)}  {key.SpkiDigestHex} ({key.Key.Curve}){(policy.IsRevokedKey(key.SpkiDigestHex) ? "  REVOKED" : "")}");
            output.WriteLine($"            {string.Join(", ", key.Roles.Select(Role))}{(key.Models.IsEmpty ? "" : "; models " + string.Join(", ", key.Models))}");
        }

        foreach (TrustedRoot root in policy.Roots)
        {
            output.WriteLine($"root        {Printable.Of(root.Name)}  {root.Anchor.Root.SpkiDigestHex} ({Printable.Of(root.Anchor.Root.Subject)}, until {root.Anchor.Root.NotAfter.UtcDateTime:yyyy-MM-dd})");
            output.WriteLine($"            vouches for signers of models {string.Join(", ", root.Models)}");
        }

        foreach (Revocation revocation in policy.Revoked)
        {
            output.WriteLine($"revoked     {(revocation.Key is null ? "release" : "key")} {revocation.Key ?? revocation.Release}{(revocation.Reason is { } reason ? "  " + Printable.Of(reason) : "")}");
        }
    }

    public static string Json(TrustPolicy policy)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("version", policy.Version);
            json.WriteString("expires", policy.Expires);
            json.WriteNumber("threshold", policy.Threshold);
            json.WriteNumber("trust_threshold", policy.TrustThreshold);
            json.WriteNumber("max_sequence_jump", policy.MaxSequenceJump);
            json.WriteString("expired_releases", policy.ExpiredReleasesServe ? "serve" : "refuse");
            json.WriteStartArray("rules");
            foreach (ThresholdRule rule in policy.Rules)
            {
                json.WriteStartObject();
                Strings(json, "models", rule.Models);
                json.WriteNumber("threshold", rule.Threshold);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("keys");
            foreach (TrustedKey key in policy.Keys)
            {
                json.WriteStartObject();
                json.WriteString("name", key.Name);
                json.WriteString("digest", key.SpkiDigestHex);
                json.WriteString("curve", key.Key.Curve);
                Strings(json, "roles", key.Roles.Select(Role));
                Strings(json, "models", key.Models);
                json.WriteBoolean("revoked", policy.IsRevokedKey(key.SpkiDigestHex));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("roots");
            foreach (TrustedRoot root in policy.Roots)
            {
                json.WriteStartObject();
                json.WriteString("name", root.Name);
                json.WriteString("subject", root.Anchor.Root.Subject);
                json.WriteString("digest", root.Anchor.Root.SpkiDigestHex);
                json.WriteString("not_after", root.Anchor.Root.NotAfter);
                Strings(json, "models", root.Models);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("revoked");
            foreach (Revocation revocation in policy.Revoked)
            {
                json.WriteStartObject();
                json.WriteString(revocation.Key is null ? "release" : "key", revocation.Key ?? revocation.Release);
                json.WriteString("reason", revocation.Reason);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static string Role(TrustRole role) => role == TrustRole.Trust ? "trust" : "release";

    private static void Strings(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }
}
