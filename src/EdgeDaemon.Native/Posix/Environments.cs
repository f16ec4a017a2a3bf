using System.Runtime.InteropServices;

namespace EdgeDaemon.Native.Posix;

/// <summary>The native environment, which <see cref="System.Environment.SetEnvironmentVariable(string, string?)"/> does not reach on Linux.</summary>
public static partial class Environments
{
    public static void Set(string name, string value)
    {
        if (SetEnvironment(name, value, 1) != 0)
        {
            throw new IOException($"setenv {name}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
