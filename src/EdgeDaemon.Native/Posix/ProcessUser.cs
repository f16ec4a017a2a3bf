namespace EdgeDaemon.Native.Posix;

/// <summary>Who this process is to the kernel.</summary>
public static class ProcessUser
{
    public static uint Effective => FileCalls.GetEffectiveUser();
}
