namespace EdgeDaemon.Listeners;

/// <summary>What one of the <see cref="SocketThreads"/> is to do.</summary>
/// <param name="Work">Done once.</param>
/// <param name="IsLong">It takes a millisecond or more.</param>
internal readonly record struct SocketWork(IThreadPoolWorkItem Work, bool IsLong);
