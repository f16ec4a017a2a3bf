namespace EdgeDaemon.Audit;

/// <summary>A second pair of hands for the writer: does one piece of work while the writer waits for the disk, and nothing else. Its thread is made when it is first needed.</summary>
internal sealed class SideThread(Action work) : IDisposable
{
    private readonly AutoResetEvent _begin = new(initialState: false);
    private readonly AutoResetEvent _done = new(initialState: false);
    private Thread? _thread;
    private Exception? _failure;
    private volatile bool _stopping;

    public void Begin()
    {
        if (_thread is null)
        {
            _thread = new Thread(Work) { IsBackground = true, Name = "edged audit frames" };
            _thread.Start();
        }

        _begin.Set();
    }

    /// <summary>After <see cref="Begin"/>: returns once the work is done.</summary>
    public void Join()
    {
        _done.WaitOne();
        if (_failure is { } failure)
        {
            throw new InvalidOperationException("the next group could not be built", failure);
        }
    }

    public void Dispose()
    {
        _stopping = true;
        _begin.Set();
        _thread?.Join();
        _begin.Dispose();
        _done.Dispose();
    }

    private void Work()
    {
        while (true)
        {
            _begin.WaitOne();
            if (_stopping)
            {
                return;
            }

            try
            {
                work();
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                _failure = failure;
            }

            _done.Set();
        }
    }
}
