using System.Buffers;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using EdgeDaemon.Core.Bundles.Oms;

namespace EdgeDaemon.Core.Bundles;

/// <summary>A signature in a trust envelope: who says to have made it (digest of the key, 64 hex digits) and its DER bytes.</summary>
public sealed record TrustSignature(string KeyId, ImmutableArray<byte> Der);

/// <summary>
/// The fleet's trust document: the bytes of a trust.toml in a DSSE envelope with any number of signatures (README beside this file).
/// Nothing in here is proven; <see cref="TrustUpdate"/> does that.
/// </summary>
public sealed class TrustEnvelope
{
    public const string PayloadType = "application/vnd.edgedaemon.trust+toml";
    public const int MaxBytes = 2 << 20;

    public TrustEnvelope(ImmutableArray<byte> payload, ImmutableArray<TrustSignature> signatures)
    {
        Payload = payload;
        Signatures = signatures;
    }

    /// <summary>The trust.toml, byte for byte.</summary>
    public ImmutableArray<byte> Payload { get; }

    public ImmutableArray<TrustSignature> Signatures { get; }

    /// <exception cref="OmsException">Not such an envelope.</exception>
    public static TrustEnvelope Parse(ReadOnlyMemory<byte> json)
    {
        if (json.Length > MaxBytes)
        {
            throw new OmsException(OmsFault.TooLarge, $"the trust envelope has {json.Length} bytes; at most {MaxBytes} are read");
        }

        using JsonDocument document = StrictJson.Parse(json, "the trust envelope");
        var envelope = new OmsJson(document.RootElement, "envelope", OmsFault.BundleShape);
        if (envelope.Element.ValueKind != JsonValueKind.Object)
        {
            throw envelope.Wrong("an object");
        }

        string type = envelope.Text("payloadType");
        if (type != PayloadType)
        {
            throw new OmsException(OmsFault.PayloadTypeUnknown, $"envelope.payloadType is '{Printable.Of(type)}', not '{PayloadType}'");
        }

        OmsJson list = envelope.Array("signatures");
        int count = list.Element.GetArrayLength();
        if (count is 0 or > TrustPolicy.MostSigners)
        {
            throw new OmsException(OmsFault.SignatureCount, $"{list.Path} has {count} entries, not 1 to {TrustPolicy.MostSigners}");
        }

        return new TrustEnvelope(
            [.. OmsBase64.Decode(envelope.Text("payload"), "envelope.payload")],
            [.. Enumerable.Range(0, count).Select(list.ObjectAt).Select(entry =>
                new TrustSignature(entry.OptionalText("keyid") ?? "", [.. OmsBase64.Decode(entry.Text("sig"), $"{entry.Path}.sig")]))]);
    }

    /// <summary>The envelope with this key's signature added, or renewed.</summary>
    public TrustEnvelope Sign(ECDsa key)
    {
        OmsKey identity = OmsKey.Of(key);
        string id = SpkiDigest.Hex(identity.Digest.AsSpan());
        byte[] signature = key.SignHash(Dsse.Hash(PayloadType, Payload.AsSpan(), identity.Hash), DSASignatureFormat.Rfc3279DerSequence);
        return new TrustEnvelope(Payload, [.. Signatures.Where(other => other.KeyId != id), new TrustSignature(id, [.. signature])]);
    }

    public byte[] Write()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("payloadType", PayloadType);
            json.WriteBase64String("payload", Payload.AsSpan());
            json.WriteStartArray("signatures");
            foreach (TrustSignature signature in Signatures)
            {
                json.WriteStartObject();
                json.WriteString("keyid", signature.KeyId);
                json.WriteBase64String("sig", signature.Der.AsSpan());
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return [.. buffer.WrittenSpan];
    }

    /// <summary>
    /// The trust keys of a policy that signed this payload, each once. The key identifier is a hint that anybody can write: every
    /// signature is tried with every key.
    /// </summary>
    public ImmutableArray<TrustedKey> SignersOf(TrustPolicy policy) =>
        [.. policy.KeysFor(TrustRole.Trust).Where(key =>
            Signatures.Any(signature => key.Key.Verifies(PayloadType, Payload.AsSpan(), signature.Der.AsSpan())))];
}
