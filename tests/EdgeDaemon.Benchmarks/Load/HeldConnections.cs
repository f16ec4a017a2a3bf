using System.Globalization;
using System.Net.Sockets;

namespace EdgeDaemon.Benchmarks.Load;

/// <summary>
/// Connections that are opened and kept until standard input ends. Without a rate each asks once and then stays silent, and one that the server
/// cuts is an error. With a rate none asks anything, and each that is cut is opened again, so many times a second in all: a flood.
/// </summary>
internal sealed class HeldConnections(Arguments arguments, byte[] request) : IDisposable
{
    private const int AtOnce = 32;

    private readonly SemaphoreSlim _opening = new(AtOnce);
    private readonly TaskCompletionSource _full = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ClientTls? _tls = arguments.Certificates is { } folder ? new ClientTls(folder, resume: false) : null;
    private volatile bool _ended;
    private int _open;
    private long _opened;
    private long _cut;

    private bool Flooding => arguments.Rate > 0;

    /// <summary>Writes <c>full</c> when all are open, or, for a flood, when the first was cut; at the end one JSON object.</summary>
    public async Task<string> RunAsync()
    {
        Task[] slots = [.. Enumerable.Range(0, arguments.Connections).Select(_ => Task.Run(KeepAsync))];
        await Task.WhenAny([_full.Task, .. slots]);
        await _full.Task;
        Console.WriteLine("full");
        await Console.In.ReadToEndAsync();
        _ended = true;
        return string.Create(CultureInfo.InvariantCulture, $$"""{"open":{{_open}},"opened":{{_opened}},"cut":{{_cut}}}""");
    }

    public void Dispose() => _opening.Dispose();

    private async Task KeepAsync()
    {
        byte[] unasked = new byte[1];
        while (!_ended)
        {
            try
            {
                await using Stream connection = await OpenAsync();
                Interlocked.Increment(ref _opened);
                if (Interlocked.Increment(ref _open) == arguments.Connections)
                {
                    _full.TrySetResult();
                }

                try
                {
                    if (await connection.ReadAsync(unasked) > 0)
                    {
                        throw new LoadException("the server speaks unasked");
                    }
                }
                finally
                {
                    Interlocked.Decrement(ref _open);
                }
            }
            catch (Exception cut) when (cut is SocketException or IOException or LoadException)
            {
                if (!Flooding)
                {
                    _full.TrySetException(new LoadException($"connection {_opened}: {cut.Message}"));
                    return;
                }
            }

            Interlocked.Increment(ref _cut);
            if (!Flooding)
            {
                _full.TrySetException(new LoadException($"the server cut one of {_opened} connections"));
                return;
            }

            _full.TrySetResult();
            await Task.Delay(TimeSpan.FromSeconds(arguments.Connections / arguments.Rate));
        }
    }

    private async Task<Stream> OpenAsync()
    {
        await _opening.WaitAsync();
        try
        {
            Stream connection = _tls is null ? HttpConnection.OpenUnix(arguments.Socket) : _tls.Connect(arguments.Socket);
            if (!Flooding)
            {
                new HttpConnection(connection).Exchange(request);
            }

            return connection;
        }
        finally
        {
            _opening.Release();
        }
    }
}
