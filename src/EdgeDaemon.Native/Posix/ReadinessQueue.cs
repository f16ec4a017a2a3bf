using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EdgeDaemon.Native.Posix;

/// <summary>What has become possible on a socket; the numbers are epoll's.</summary>
[Flags]
public enum Readiness
{
    None = 0,
    Input = 0x001,
    Output = 0x004,
    Error = 0x008,
    HungUp = 0x010,

    /// <summary>The other side has finished sending.</summary>
    InputEnds = 0x2000,
}

/// <summary>
/// epoll(7), edge-triggered: each change of a watched socket is handed to exactly one of the threads that wait. Any number of
/// threads may wait; the one that came last is woken first, whose caches are warm.
/// </summary>
public sealed unsafe class ReadinessQueue : SafeHandleMinusOneIsInvalid
{
    /// <summary>As many changes as are taken in one call.</summary>
    public const int MostAtOnce = 8;

    /// <summary>The token of the queue's end.</summary>
    public const ulong Ended = 0;

    private const uint EdgeTriggered = 1u << 31;
    private const uint Once = 1u << 30;

    private readonly SafeFileHandle _closing;
    private readonly SafeFileHandle _signal;

    /// <exception cref="PosixException">Out of descriptors.</exception>
    public ReadinessQueue()
        : base(ownsHandle: true)
    {
        int descriptor = SocketCalls.CreatePoll(SocketCalls.CloseOnExec);
        SetHandle(descriptor >= 0 ? descriptor : throw PosixException.Last("make", "epoll"));

        // Always readable, but not watched until the end: then every waiting thread sees it, since nobody takes it back.
        _closing = Event(1);

        // Each count up is a change, and so wakes one thread; nobody reads it.
        _signal = Event(0);
        Control(SocketCalls.ControlAdd, _signal, Signalled, EdgeTriggered | (uint)Readiness.Input);
    }

    /// <summary>The token of <see cref="Signal"/>.</summary>
    public static ulong Signalled => ulong.MaxValue;

    /// <summary>Hands <see cref="Signalled"/> to one of the threads that wait. Signals that nobody has taken yet may become one.</summary>
    public void Signal()
    {
        ulong one = 1;
        if (SocketCalls.CountUp(_signal, &one, sizeof(ulong)) < 0)
        {
            throw PosixException.Last("count up", "eventfd");
        }
    }

    /// <summary>Watches input, and output too when <paramref name="output"/> says so, from now on. Closing the socket ends it.</summary>
    /// <param name="socket">Any socket.</param>
    /// <param name="token">Comes back from <see cref="TryWait"/>; neither <see cref="Ended"/> nor <see cref="Signalled"/>.</param>
    /// <param name="output">Also report when there is room to send.</param>
    public void Watch(SafeHandle socket, ulong token, bool output = false) => Control(SocketCalls.ControlAdd, socket, token, Wanted(output));

    /// <summary>Changes what is watched; what is possible at this moment is reported anew.</summary>
    public void Change(SafeHandle socket, ulong token, bool output) => Control(SocketCalls.ControlModify, socket, token, Wanted(output));

    /// <summary>It is watched no more, by this queue.</summary>
    public void Forget(SafeHandle socket) => Control(SocketCalls.ControlRemove, socket, 0, 0);

    /// <summary>Watches another queue from the next <see cref="Arm"/> on: reports that something waits there, once.</summary>
    public void WatchQueue(ReadinessQueue other, ulong token) => Control(SocketCalls.ControlAdd, other, token, Once);

    /// <summary>The next time that something waits in the other queue is reported, at once if it does already.</summary>
    public void Arm(ReadinessQueue other, ulong token) => Control(SocketCalls.ControlModify, other, token, Once | (uint)Readiness.Input);

    /// <summary>Waits for so long. False when nothing has changed; true with the token <see cref="Ended"/> once the queue has been ended.</summary>
    /// <param name="milliseconds">Below 0: for as long as it takes.</param>
    /// <param name="token">What has changed.</param>
    /// <param name="readiness">And how.</param>
    public bool TryWait(int milliseconds, out ulong token, out Readiness readiness)
    {
        SocketChange change = default;
        int count = Take(new Span<SocketChange>(ref change), milliseconds < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(milliseconds));
        (token, readiness) = change;
        return count > 0;
    }

    /// <summary>Waits for the next changes and takes them: who takes several answers for all of them, for nobody else is told.</summary>
    /// <param name="into">The first <see cref="MostAtOnce"/> of it at the most.</param>
    /// <param name="wait">At the most; <see cref="Timeout.InfiniteTimeSpan"/> for as long as it takes.</param>
    /// <returns>How many there are; 0 when nothing has changed.</returns>
    public int Take(Span<SocketChange> into, TimeSpan wait)
    {
        byte* changed = stackalloc byte[16 * MostAtOnce];
        int most = Math.Min(into.Length, MostAtOnce);
        while (true)
        {
            int count = Wait(changed, most, wait);
            for (int i = 0; i < count; i++)
            {
                byte* one = changed + (i * SocketCalls.EventSize);
                into[i] = new SocketChange(BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(one + SocketCalls.EventData, sizeof(ulong))), (Readiness)(*(uint*)one));
            }

            if (count >= 0)
            {
                return count;
            }

            if (Marshal.GetLastPInvokeError() != Errno.Interrupted)
            {
                throw PosixException.Last("wait on", "epoll");
            }
        }
    }

    /// <summary>Sends every waiting thread home, now and from now on.</summary>
    public void End() => Control(SocketCalls.ControlAdd, _closing, Ended, (uint)Readiness.Input);

    protected override bool ReleaseHandle()
    {
        _closing.Dispose();
        _signal.Dispose();
        return FileCalls.Close((int)handle) == 0;
    }

    private static SafeFileHandle Event(uint start)
    {
        int descriptor = SocketCalls.CreateEvent(start, SocketCalls.CloseOnExec | SocketCalls.NonBlocking);
        return new SafeFileHandle(descriptor >= 0 ? descriptor : throw PosixException.Last("make", "eventfd"), ownsHandle: true);
    }

    // epoll_wait(2) knows milliseconds only. A kernel before 5.11, or a filter of calls, may refuse the finer one.
    private int Wait(byte* changed, int most, TimeSpan wait)
    {
        if (wait > TimeSpan.Zero && wait < TimeSpan.FromMilliseconds(1))
        {
            nint* timeout = stackalloc nint[2];
            (timeout[0], timeout[1]) = (0, (nint)wait.TotalNanoseconds);
            int count = SocketCalls.WaitPollBriefly(this, changed, most, timeout, null);
            if (count >= 0 || Marshal.GetLastPInvokeError() is not (Errno.NoSystemCall or Errno.NotPermitted))
            {
                return count;
            }
        }

        return SocketCalls.WaitPoll(this, changed, most, wait < TimeSpan.Zero ? -1 : (int)Math.Ceiling(wait.TotalMilliseconds));
    }

    private static uint Wanted(bool output) =>
        EdgeTriggered | (uint)(Readiness.Input | Readiness.InputEnds | (output ? Readiness.Output : Readiness.None));

    private void Control(int operation, SafeHandle socket, ulong token, uint wanted)
    {
        byte* record = stackalloc byte[16];
        *(uint*)record = wanted;
        BinaryPrimitives.WriteUInt64LittleEndian(new Span<byte>(record + SocketCalls.EventData, sizeof(ulong)), token);
        if (SocketCalls.ControlPoll(this, operation, socket, record) != 0)
        {
            throw PosixException.Last("watch", "socket");
        }
    }
}
