using System.Globalization;
using System.Runtime.InteropServices;

namespace EdgeDaemon.Native.Posix;

/// <summary>Descriptors that this process was born with.</summary>
public static partial class Descriptors
{
    private const int GetDescriptorFlags = 1; // F_GETFD
    private const int SetDescriptorFlags = 2; // F_SETFD
    private const int CloseOnExec = 1; // FD_CLOEXEC
    private const int FirstBeyondStandard = 3;

    /// <summary>Keeps a descriptor from the programs that this process starts; false when it is not open.</summary>
    public static bool TryCloseOnExec(int descriptor) => Control(descriptor, SetDescriptorFlags, CloseOnExec) == 0;

    /// <summary>
    /// Closes whatever the parent left open beyond standard input, output and error. Those are the ones that do not close on exec: what this process
    /// opened itself does.
    /// </summary>
    public static void CloseInherited()
    {
        foreach (string entry in Directory.GetFileSystemEntries("/proc/self/fd"))
        {
            if (int.TryParse(Path.GetFileName(entry), NumberStyles.None, CultureInfo.InvariantCulture, out int descriptor)
                && descriptor >= FirstBeyondStandard
                && Control(descriptor, GetDescriptorFlags, 0) is >= 0 and int flags && (flags & CloseOnExec) == 0)
            {
                _ = FileCalls.Close(descriptor);
            }
        }
    }

    // Variadic, which for an integer is the plain convention on both processors.
    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int Control(int descriptor, int command, nint argument);
}
