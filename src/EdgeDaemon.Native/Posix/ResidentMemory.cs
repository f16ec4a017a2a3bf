using System.Buffers.Text;

namespace EdgeDaemon.Native.Posix;

/// <summary>Resident memory of this process and its highest value since a moment of one's choice, through descriptors that stay open (proc(5)).</summary>
public sealed class ResidentMemory : IDisposable
{
    private readonly Descriptor _status;
    private readonly Descriptor? _reset;

    private ResidentMemory(Descriptor status, Descriptor? reset)
    {
        _status = status;
        _reset = reset;
    }

    /// <summary>Bytes now.</summary>
    public long Now => Read("VmRSS:"u8);

    /// <summary>Bytes at the highest since <see cref="ResetPeak"/>.</summary>
    public long Peak => Read("VmHWM:"u8);

    /// <exception cref="PosixException">There is no /proc.</exception>
    public static ResidentMemory Open()
    {
        Descriptor status = Descriptor.Open(null, "/proc/self/status", FileCalls.ReadOnly);
        try
        {
            return new ResidentMemory(status, Descriptor.Open(null, "/proc/self/clear_refs", FileCalls.WriteOnly));
        }
        catch (PosixException)
        {
            return new ResidentMemory(status, null); // A kernel without page monitor: peaks then only grow.
        }
    }

    public void ResetPeak()
    {
        try
        {
            _reset?.Write("5"u8);
        }
        catch (PosixException)
        {
            // As in Open.
        }
    }

    public void Dispose()
    {
        _status.Dispose();
        _reset?.Dispose();
    }

    private long Read(ReadOnlySpan<byte> key)
    {
        Span<byte> text = stackalloc byte[4096];
        text = text[.._status.ReadAt(text, 0)];
        int at = text.IndexOf(key);
        return at >= 0 && Utf8Parser.TryParse(text[(at + key.Length)..].TrimStart(" \t"u8), out long kibibytes, out _) ? kibibytes * 1024 : 0;
    }
}
