using System.Runtime.InteropServices;

namespace EdgeDaemon.Native.Posix;

/// <summary>The process at the other end of a Unix socket when it connected (struct ucred). The process may be another by now, or gone; user and group stay.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct PeerCredentials(int Process, uint User, uint Group);
