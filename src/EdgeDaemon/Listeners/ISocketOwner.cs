using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Listeners;

/// <summary>What wants to know when its socket is ready.</summary>
internal interface ISocketOwner
{
    /// <summary>Called on one of the threads; two calls for one owner may overlap. With <see cref="Readiness.None"/>, what was left to this thread is to be done (<see cref="SocketThreads.TryLeave"/>).</summary>
    void OnReady(Readiness readiness);

    /// <summary>On which core the thread that is called should run, where it can be chosen; below 0, any.</summary>
    int Home => -1;
}
