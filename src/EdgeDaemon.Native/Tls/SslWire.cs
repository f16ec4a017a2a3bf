using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Native.Tls;

/// <summary>
/// The socket below one TLS connection, as OpenSSL sees it: it reads and writes here, and never waits. What the socket has no room for is kept until <see cref="Flush"/>:
/// to OpenSSL every write is whole, so that an answer of its own (to a KeyUpdate) never meets a record of ours that is half out. All of it is ciphertext.
/// </summary>
internal sealed unsafe class SslWire(StreamSocket socket)
{
    // A record, and more answers to key updates than anybody needs: whoever makes us owe more and reads nothing is cut.
    private const int MostPending = 64 * 1024;

    private static readonly nint Method = MakeMethod();

    private byte[]? _pending;
    private int _pendingStart;
    private int _pendingEnd;

    /// <summary>False once a read has found less than it had room for: that is all that there was (epoll(7)). Whoever hears of news sets it.</summary>
    public bool MayHaveMore { get; set; } = true;

    /// <summary>The last read found nothing at all.</summary>
    public bool IsEmpty { get; private set; }

    /// <summary>The other side has finished sending.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>What ended the socket; null while it works.</summary>
    public PosixException? Failure { get; private set; }

    /// <summary>Bytes since the start.</summary>
    public long Received { get; private set; }

    /// <summary>Bytes since the start.</summary>
    public long Sent { get; private set; }

    public bool HasPending => _pendingEnd > _pendingStart;

    /// <summary>A BIO whose other end is a session's wire; freed by the SSL object that it is given to. 0: there is no memory.</summary>
    public static nint Open(GCHandle session)
    {
        nint bio = SslCalls.NewBio(Method);
        if (bio != 0)
        {
            SslCalls.SetBioData(bio, GCHandle.ToIntPtr(session));
            SslCalls.SetBioReady(bio, 1);
        }

        return bio;
    }

    /// <summary>Whose BIO it is.</summary>
    public static SslSession SessionOf(nint bio) => (SslSession)GCHandle.FromIntPtr(SslCalls.BioData(bio)).Target!;

    /// <summary>Sends what there was no room for; false when there still is not.</summary>
    /// <exception cref="PosixException">The connection is gone.</exception>
    public bool Flush()
    {
        while (_pending is not null && HasPending)
        {
            int sent = socket.Send(_pending.AsSpan(_pendingStart, _pendingEnd - _pendingStart));
            if (sent == StreamSocket.WouldWait)
            {
                return false;
            }

            Sent += sent;
            _pendingStart += sent;
        }

        (_pending, _pendingStart, _pendingEnd) = (null, 0, 0);
        return true;
    }

    private static nint MakeMethod()
    {
        nint method;
        fixed (byte* name = "edged socket\0"u8)
        {
            method = SslCalls.NewBioMethod(SslCalls.NewBioType() | SslCalls.BioSource, name);
        }

        _ = SslCalls.SetBioRead(method, &Read);
        _ = SslCalls.SetBioWrite(method, &Write);
        _ = SslCalls.SetBioControl(method, &Control);
        return method; // For the process's life, as the table of functions that it is.
    }

    // Nothing may be thrown through OpenSSL's frames.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Read(nint bio, byte* data, nuint length, nuint* read)
    {
        *read = 0;
        SslCalls.ClearBioFlags(bio, SslCalls.BioWaits);
        SslWire wire = Of(bio);
        int received = wire.Receive(new Span<byte>(data, (int)Math.Min(length, int.MaxValue)));
        if (received > 0)
        {
            *read = (nuint)received;
            return 1;
        }

        if (received == StreamSocket.WouldWait)
        {
            SslCalls.SetBioFlags(bio, SslCalls.BioRead | SslCalls.BioRetry);
        }

        return 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Write(nint bio, byte* data, nuint length, nuint* written)
    {
        SslCalls.ClearBioFlags(bio, SslCalls.BioWaits);
        bool taken = Of(bio).Send(new ReadOnlySpan<byte>(data, (int)Math.Min(length, int.MaxValue)));
        *written = taken ? length : 0;
        return taken ? 1 : 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static long Control(nint bio, int command, long value, void* pointer) => command == SslCalls.BioFlush ? 1 : 0;

    private static SslWire Of(nint bio) => SessionOf(bio).Wire;

    private int Receive(Span<byte> buffer)
    {
        if (!MayHaveMore)
        {
            return StreamSocket.WouldWait;
        }

        try
        {
            int received = socket.Receive(buffer);
            MayHaveMore = received == buffer.Length;
            IsEmpty = received == StreamSocket.WouldWait;
            HasEnded |= received == 0;
            Received += Math.Max(received, 0);
            return received;
        }
        catch (PosixException failure)
        {
            Failure = failure;
            return 0;
        }
        catch (ObjectDisposedException)
        {
            HasEnded = true;
            return 0;
        }
    }

    private bool Send(ReadOnlySpan<byte> data)
    {
        try
        {
            if (Flush())
            {
                while (!data.IsEmpty && socket.Send(data) is var sent && sent != StreamSocket.WouldWait)
                {
                    Sent += sent;
                    data = data[sent..];
                }
            }

            return data.IsEmpty || TryKeep(data);
        }
        catch (PosixException failure)
        {
            Failure = failure;
            return false;
        }
        catch (ObjectDisposedException)
        {
            HasEnded = true;
            return false;
        }
    }

    private bool TryKeep(ReadOnlySpan<byte> data)
    {
        int kept = _pendingEnd - _pendingStart;
        if (kept + data.Length > MostPending)
        {
            return false;
        }

        if (_pending is null || _pending.Length - _pendingEnd < data.Length)
        {
            byte[] larger = new byte[Math.Max(kept + data.Length, 1024)];
            _pending?.AsSpan(_pendingStart, kept).CopyTo(larger);
            (_pending, _pendingStart, _pendingEnd) = (larger, 0, kept);
        }

        data.CopyTo(_pending.AsSpan(_pendingEnd));
        _pendingEnd += data.Length;
        return true;
    }
}
