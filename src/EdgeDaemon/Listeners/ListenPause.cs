namespace EdgeDaemon.Listeners;

/// <summary>
/// Closes the listeners that expose inference alone, and opens them again: who connects meanwhile learns at once that nobody is there. A socket of the
/// service manager stays open, since it is not ours to close: who connects to it waits.
/// </summary>
internal sealed class ListenPause
{
    private readonly List<ListenDoor> _doors = [];

    public void Add(ListenDoor door)
    {
        lock (_doors)
        {
            _doors.Add(door);
        }
    }

    public void Pause()
    {
        lock (_doors)
        {
            _doors.ForEach(door => door.Pause());
        }
    }

    /// <exception cref="ListenException">A place cannot be taken again; the listeners before it are open.</exception>
    public void Resume()
    {
        lock (_doors)
        {
            _doors.ForEach(door => door.Resume());
        }
    }
}
