namespace EdgeDaemon.Engine;

/// <summary>Where a run happens.</summary>
/// <param name="MayRunLong">How long it took says nothing of how long it will take.</param>
/// <param name="LongRuns">Runs what it is given with nothing of its caller below it on the stack.</param>
/// <param name="Leaving">Fires when the caller goes away; asked for only by a run that may be long, since a server makes it on demand. Null: nobody goes.</param>
/// <param name="Cut">Called on another thread when a run on the caller's own does not come back: nobody waits for that caller any longer.</param>
internal readonly record struct RunPlace(bool MayRunLong, Action<IThreadPoolWorkItem> LongRuns, Action Cut, Func<CancellationToken>? Leaving = null);
