using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace EdgeDaemon.EndToEnd;

/// <summary>
/// Work on a thread that is another user to the kernel: the system call itself, unlike libc's function of the same name, changes the calling thread alone.
/// What the thread connects and sends is that user's. Its group stays root's, by which it reaches the test's sockets (mode 0660).
/// </summary>
internal static partial class AsUser
{
    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    public static void Run(uint user, Action work)
    {
        if (Environment.UserName != "root")
        {
            Assert.Inconclusive("skipped: only root can become another user");
        }

        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                // The saved user stays root's: nothing needs to be undone for the process, and the thread ends here.
                Assert.AreEqual(0, SetUsers(Arm ? 147 : 117, (int)user, (int)user, 0));
                work();
            }
            catch (Exception thrown)
            {
                failure = ExceptionDispatchInfo.Capture(thrown);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
    }

    public static T Run<T>(uint user, Func<T> work)
    {
        T? result = default;
        Run(user, () => { result = work(); });
        return result!;
    }

    /// <summary>Lets other users of root's group reach the sockets of a state directory.</summary>
    public static void Admit(StateDirectory state) =>
        File.SetUnixFileMode(state.Root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);

    /// <summary>One [[tenant]] for one user.</summary>
    public static string Tenant(string name, uint user, string roles, string models = "") => string.Create(CultureInfo.InvariantCulture, $"""
        [[tenant]]
        name = "{name}"
        callers = ["unix:{user}"]
        roles = [{roles}]
        models = [{models}]

        """);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long SetUsers(long number, int real, int effective, int saved);
}
