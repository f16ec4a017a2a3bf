namespace EdgeDaemon.Listeners;

/// <summary>On which core each of the threads was seen last: by itself, when it takes its next work. The kernel moves threads, a few times a second where there is much to do.</summary>
/// <param name="places">How many threads there are.</param>
/// <param name="cores">Numbers of cores are below this.</param>
internal sealed class ThreadCores(int places, int cores)
{
    private readonly int[] _cores = [.. Enumerable.Range(0, places).Select(place => place % cores)];

    public int Places => _cores.Length;

    public int Cores => cores;

    /// <summary>A place's.</summary>
    public int this[int place]
    {
        get => Volatile.Read(ref _cores[place]);
        set
        {
            if (_cores[place] != value)
            {
                Volatile.Write(ref _cores[place], value);
            }
        }
    }

    /// <summary>A place on this core; -1: there is none now.</summary>
    public int PlaceOn(int core)
    {
        for (int place = 0; place < _cores.Length; place++)
        {
            if (Volatile.Read(ref _cores[place]) == core)
            {
                return place;
            }
        }

        return -1;
    }
}
