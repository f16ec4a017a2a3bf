using System.Collections.Immutable;

namespace EdgeDaemon.Native.Tls;

/// <summary>What OpenSSL holds of a client's certificates, copied: it frees its own with the handshake.</summary>
internal static unsafe class ClientCertificates
{
    /// <summary>Those that the client sent: its own first.</summary>
    /// <param name="store">Of the handshake's verification.</param>
    public static ImmutableArray<byte[]> SentTo(nint store)
    {
        nint leaf = SslCalls.StoreLeaf(store);
        nint stack = SslCalls.StoreSent(store);
        ImmutableArray<byte[]>.Builder all = ImmutableArray.CreateBuilder<byte[]>();
        all.Add(Der(leaf));
        for (int i = 0; i < SslCalls.Count(stack); i++)
        {
            if (SslCalls.At(stack, i) is var one && one != leaf)
            {
                all.Add(Der(one));
            }
        }

        return all.ToImmutable();
    }

    /// <summary>One, in DER; empty: there is none.</summary>
    public static byte[] Der(nint certificate)
    {
        int length = certificate == 0 ? 0 : SslCalls.WriteCertificate(certificate, null);
        byte[] der = new byte[Math.Max(length, 0)];
        fixed (byte* bytes = der)
        {
            byte* at = bytes;
            if (length > 0)
            {
                _ = SslCalls.WriteCertificate(certificate, &at);
            }
        }

        return der;
    }
}
