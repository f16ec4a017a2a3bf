using System.Security.Cryptography;
using System.Text;

namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>DSSE's pre-authentication encoding (secure-systems-lab/dsse protocol.md): what is signed is never the payload alone.</summary>
internal static class Dsse
{
    /// <summary>
    /// Hash of <c>DSSEv1 LEN(type) type LEN(body) body</c>; lengths are decimal byte counts. The lengths are what keeps one
    /// (type, body) from being read as another.
    /// </summary>
    public static byte[] Hash(string payloadType, ReadOnlySpan<byte> payload, HashAlgorithmName algorithm)
    {
        using var hash = IncrementalHash.CreateHash(algorithm);
        byte[] type = Encoding.UTF8.GetBytes(payloadType);
        hash.AppendData(Encoding.ASCII.GetBytes($"DSSEv1 {type.Length} "));
        hash.AppendData(type);
        hash.AppendData(Encoding.ASCII.GetBytes($" {payload.Length} "));
        hash.AppendData(payload);
        return hash.GetHashAndReset();
    }
}
