using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace EdgeDaemon.Native.Tls;

/// <summary>
/// What every TLS 1.3 connection of one listener shares: certificate, key, rules. Clients must show a certificate, which the connection's own judge takes or not.
/// Tickets for resumption are sealed with keys of this object, which nobody else knows: with it they end.
/// </summary>
public sealed unsafe class SslContext : SafeHandle
{
    // One byte of length before each (RFC 7301, 3.1). In the executable's own data: the pointer stays good.
    private static ReadOnlySpan<byte> Spoken => "\u0002h2\u0008http/1.1"u8;

    /// <summary>None yet: <see cref="Create"/> makes one.</summary>
    public SslContext()
        : base(0, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == 0;

    /// <param name="leaf">DER of the server's certificate.</param>
    /// <param name="above">DER of those between it and its root; sent along.</param>
    /// <param name="key">The leaf's; held by the library from now on, the handle stays the caller's.</param>
    /// <exception cref="CryptographicException">They do not fit each other, or OpenSSL does not take them.</exception>
    public static SslContext Create(ReadOnlySpan<byte> leaf, ImmutableArray<byte[]> above, SafeEvpPKeyHandle key)
    {
        SslCalls.ClearErrors();
        var context = new SslContext();
        try
        {
            context.SetHandle(SslCalls.NewContext(SslCalls.ServerMethod()));
            Require(!context.IsInvalid, "make a context");
            Require(SslCalls.Control(context, SslCalls.SetLowestVersion, SslCalls.Tls13, 0) == 1 && SslCalls.Control(context, SslCalls.SetHighestVersion, SslCalls.Tls13, 0) == 1, "set TLS 1.3");

            // Records are cleansed once they were handed over, and buffers that hold none are given back.
            SslCalls.SetOptions(context, SslCalls.CleansePlaintext | SslCalls.NoCompression | SslCalls.NoRenegotiation);
            SslCalls.Control(
                context, SslCalls.SetMode, SslCalls.PartialWrite | SslCalls.MovingWriteBuffer | SslCalls.AutoRetry | SslCalls.NoAutomaticChain | SslCalls.ReleaseBuffers, 0);
            SslCalls.Control(context, SslCalls.SetReadAhead, 1, 0);
            SslCalls.Control(context, SslCalls.SetSessionCacheMode, SslCalls.CacheServer | SslCalls.CacheNothingHere, 0);
            fixed (byte* name = "edged"u8)
            {
                Require(SslCalls.SetSessionContext(context, name, 5) == 1, "name sessions");
            }

            context.Show(leaf, above, key);
            SslCalls.SetVerify(context, SslCalls.VerifyPeer | SslCalls.RequireCertificate, 0);
            SslCalls.SetJudge(context, &SslSession.JudgeClient, 0);
            SslCalls.SetProtocolChoice(context, &ChooseProtocol, 0);
            return context;
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }

    /// <summary>The first error of the calls before, in OpenSSL's words; takes all of them out of this thread's queue.</summary>
    internal static string TakeError(out int reason)
    {
        ulong error = SslCalls.NextError();
        SslCalls.ClearErrors();
        reason = (int)(error & 0x7FFFFF); // ERR_GET_REASON
        byte* text = error == 0 ? null : SslCalls.Reason(error);
        return text is null ? "no reason given" : Encoding.ASCII.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));
    }

    protected override bool ReleaseHandle()
    {
        SslCalls.FreeContext(handle);
        return true;
    }

    private void Show(ReadOnlySpan<byte> leaf, ImmutableArray<byte[]> above, SafeEvpPKeyHandle key)
    {
        nint certificate = Read(leaf);
        Require(certificate != 0 && SslCalls.UseCertificate(this, certificate) == 1, "take the certificate");
        SslCalls.FreeCertificate(certificate);
        foreach (byte[] der in above)
        {
            nint one = Read(der);
            Require(one != 0 && SslCalls.Control(this, SslCalls.AddChainCertificate, 0, one) == 1, "take a certificate of the chain"); // The context's from now on.
        }

        bool held = false;
        try
        {
            key.DangerousAddRef(ref held);
            Require(SslCalls.UsePrivateKey(this, key.DangerousGetHandle()) == 1 && SslCalls.CheckPrivateKey(this) == 1, "take the private key");
        }
        finally
        {
            if (held)
            {
                key.DangerousRelease();
            }
        }
    }

    private static nint Read(ReadOnlySpan<byte> der)
    {
        fixed (byte* bytes = der)
        {
            byte* at = bytes;
            return SslCalls.ReadCertificate(0, &at, der.Length);
        }
    }

    private static void Require(bool done, string what)
    {
        if (!done)
        {
            throw new CryptographicException($"OpenSSL cannot {what}: {TakeError(out _)}");
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int ChooseProtocol(nint ssl, byte** chosen, byte* chosenLength, byte* offered, uint offeredLength, nint argument)
    {
        fixed (byte* spoken = Spoken)
        {
            return SslCalls.SelectProtocol(chosen, chosenLength, spoken, (uint)Spoken.Length, offered, offeredLength) == SslCalls.Negotiated ? SslCalls.AlpnTaken : SslCalls.AlpnFatal;
        }
    }
}
