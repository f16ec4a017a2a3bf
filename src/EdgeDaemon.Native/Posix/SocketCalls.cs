using System.Runtime.InteropServices;

namespace EdgeDaemon.Native.Posix;

/// <summary>libc's calls on sockets and on the readiness of many of them, one to one. The handles are counted: a descriptor is never closed under a call.</summary>
internal static unsafe partial class SocketCalls
{
    public const int NonBlocking = 0x800; // SOCK_NONBLOCK
    public const int CloseOnExec = 0x80000; // SOCK_CLOEXEC, EPOLL_CLOEXEC, EFD_CLOEXEC
    public const int DoNotWait = 0x40; // MSG_DONTWAIT
    public const int NoSignal = 0x4000; // MSG_NOSIGNAL: a caller that left must not kill the process with SIGPIPE
    public const int Sending = 1; // SHUT_WR
    public const int BothWays = 2; // SHUT_RDWR
    public const int ControlTruncated = 0x8; // MSG_CTRUNC

    public const ushort Internet = 2; // AF_INET
    public const ushort Internet6 = 10; // AF_INET6

    public const int SocketLevel = 1; // SOL_SOCKET
    public const int PassCredentials = 16; // SO_PASSCRED
    public const int PeerCredentials = 17; // SO_PEERCRED
    public const int PeerGroups = 59; // SO_PEERGROUPS
    public const int TcpLevel = 6; // IPPROTO_TCP
    public const int NoDelay = 1; // TCP_NODELAY

    public const int Unread = 0x541B; // FIONREAD

    public const int ControlAdd = 1; // EPOLL_CTL_ADD
    public const int ControlRemove = 2; // EPOLL_CTL_DEL
    public const int ControlModify = 3; // EPOLL_CTL_MOD

    // struct epoll_event is packed on x86-64 and nowhere else.
    private static readonly bool Packed = RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>Bytes of the kernel's struct epoll_event, and where its 64 bits of data lie.</summary>
    public static int EventSize => Packed ? 12 : 16;

    public static int EventData => Packed ? 4 : 8;

    [LibraryImport("libc", EntryPoint = "accept4", SetLastError = true)]
    public static partial int Accept(SafeHandle listener, void* address, void* length, int flags);

    [LibraryImport("libc", EntryPoint = "getpeername", SetLastError = true)]
    public static partial int GetPeerName(SafeHandle socket, byte* address, uint* length);

    [LibraryImport("libc", EntryPoint = "getsockopt", SetLastError = true)]
    public static partial int GetOption(SafeHandle socket, int level, int option, void* value, uint* length);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    public static partial int SetOption(SafeHandle socket, int level, int option, void* value, uint length);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    public static partial nint Receive(SafeHandle socket, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    public static partial nint ReceiveMessage(SafeHandle socket, MessageHeader* message, int flags);

    [LibraryImport("libc", EntryPoint = "ioctl")]
    public static partial int Ask(SafeHandle socket, nuint question, int* answer);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    public static partial nint Send(SafeHandle socket, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "shutdown", SetLastError = true)]
    public static partial int ShutDown(SafeHandle socket, int how);

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int CreatePoll(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int ControlPoll(SafeHandle poll, int operation, SafeHandle socket, byte* wanted);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int WaitPoll(SafeHandle poll, byte* events, int most, int milliseconds);

    /// <param name="poll">Of <see cref="CreatePoll"/>.</param>
    /// <param name="events">Room for so many.</param>
    /// <param name="most">At least 1.</param>
    /// <param name="timeout">struct timespec.</param>
    /// <param name="signals">None.</param>
    [LibraryImport("libc", EntryPoint = "epoll_pwait2", SetLastError = true)]
    public static partial int WaitPollBriefly(SafeHandle poll, byte* events, int most, nint* timeout, void* signals);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial int CreateEvent(uint start, int flags);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint CountUp(SafeHandle eventCounter, ulong* by, nuint length);

    /// <summary>struct iovec.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Room
    {
        public byte* Start;
        public nuint Length;
    }

    /// <summary>struct msghdr.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct MessageHeader
    {
        public void* Name;
        public uint NameLength;
        public Room* Rooms;
        public nuint RoomCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }

    /// <summary>One struct cmsghdr with struct ucred behind it, CMSG_SPACE long: what a piece of data says of its sender, and room for nothing else.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct SenderControl
    {
        public const int Credentials = 2; // SCM_CREDENTIALS

        public nuint Length;
        public int Level;
        public int Type;
        public PeerCredentials Sender;
        private readonly int _padding;
    }
}
