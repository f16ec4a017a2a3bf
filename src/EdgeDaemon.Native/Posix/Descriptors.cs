using System.Runtime.InteropServices;

namespace EdgeDaemon.Native.Posix;

/// <summary>Flags of descriptors that this process was born with.</summary>
public static partial class Descriptors
{
    private const int SetDescriptorFlags = 2; // F_SETFD
    private const int CloseOnExec = 1; // FD_CLOEXEC

    /// <summary>Keeps a descriptor from the programs that this process starts; false when it is not open.</summary>
    public static bool TryCloseOnExec(int descriptor) => Control(descriptor, SetDescriptorFlags, CloseOnExec) == 0;

    // Variadic, which for an integer is the plain convention on both processors.
    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int Control(int descriptor, int command, nint argument);
}
