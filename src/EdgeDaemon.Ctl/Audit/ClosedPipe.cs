using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Ctl.Audit;

/// <summary>For commands that only show: a reader of the pipe that has left (<c>| head</c>) has seen what it wanted.</summary>
internal static class ClosedPipe
{
    private const int BrokenPipe = 32; // EPIPE

    public static int Bear(Func<int> command)
    {
        try
        {
            return command();
        }
        catch (PosixException left) when (left.Errno == BrokenPipe)
        {
            return (int)ExitCode.Ok;
        }
    }

    public static async Task<int> BearAsync(Func<Task<int>> command)
    {
        try
        {
            return await command();
        }
        catch (PosixException left) when (left.Errno == BrokenPipe)
        {
            return (int)ExitCode.Ok;
        }
    }
}
