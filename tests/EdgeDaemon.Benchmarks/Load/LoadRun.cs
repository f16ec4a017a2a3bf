using System.Diagnostics;
using System.Globalization;

namespace EdgeDaemon.Benchmarks.Load;

/// <summary>The measured part: the clients run, the main thread reads counters and the server's CPU clock at both ends of a window.</summary>
internal sealed class LoadRun : IDisposable
{
    private const int LargestSample = 1 << 18;

    private static readonly TimeSpan PauseWhenCut = TimeSpan.FromMilliseconds(5);

    private readonly Arguments _arguments;
    private readonly byte[] _request;
    private readonly Client[] _clients;
    private readonly ClientTls? _tls;
    private readonly CountdownEvent _connected;
    private readonly ManualResetEventSlim _go = new();
    private long _budget;
    private Exception? _failure;
    private volatile bool _measuring;
    private volatile bool _stop;

    public LoadRun(Arguments arguments, byte[] request)
    {
        _arguments = arguments;
        _request = request;
        _tls = arguments.Certificates is { } folder && arguments.Fresh == Fresh.No ? new ClientTls(folder, resume: false) : null;
        _clients = new Client[arguments.Connections];
        _connected = new CountdownEvent(arguments.Connections);
        _budget = arguments.Requests > 0 ? arguments.Requests : long.MaxValue;
    }

    /// <summary>One JSON object: requests, seconds, rate, latency percentiles and the server's CPU time per request, in microseconds.</summary>
    public string Measure()
    {
        var threads = new Thread[_clients.Length];
        for (int index = 0; index < threads.Length; index++)
        {
            Client client = _clients[index] = new Client();
            threads[index] = new Thread(() => Loop(client), maxStackSize: 256 * 1024);
            threads[index].Start();
        }

        _connected.Wait();
        bool counted = _arguments.Requests > 0;
        _measuring = counted;
        if (!counted)
        {
            _go.Set();
            Thread.Sleep(TimeSpan.FromSeconds(_arguments.Warmup));
        }

        long requests = Total();
        TimeSpan server = ServerTime();
        TimeSpan own = ProcessClock.Self();
        long start = Stopwatch.GetTimestamp();
        _measuring = true;
        _go.Set();
        if (counted)
        {
            Join(threads);
        }
        else
        {
            Thread.Sleep(TimeSpan.FromSeconds(_arguments.Seconds));
        }

        requests = Total() - requests;
        server = ServerTime() - server;
        own = ProcessClock.Self() - own;
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        _stop = true;
        Join(threads);
        if (_failure is Exception failure)
        {
            throw new LoadException(failure.Message);
        }

        return Line(requests, seconds, server, own);
    }

    public void Dispose()
    {
        _connected.Dispose();
        _go.Dispose();
    }

    private static void Join(Thread[] threads)
    {
        foreach (Thread thread in threads)
        {
            thread.Join();
        }
    }

    private long Total() => _clients.Sum(client => Volatile.Read(ref client.Done));

    private long Refused() => _clients.Sum(client => Volatile.Read(ref client.Refused));

    private TimeSpan ServerTime() => _arguments.ServerProcess == 0 ? TimeSpan.Zero : ProcessClock.Of(_arguments.ServerProcess);

    private void Loop(Client client)
    {
        bool counting = _arguments.Requests > 0;
        bool connected = false;
        ILoadConnection? kept = null;
        using OpenSslClient? handshakes = _arguments.Fresh == Fresh.No || _arguments.Certificates is not { } folder ? null : new OpenSslClient(folder, _arguments.Fresh == Fresh.Resumed);
        try
        {
            if (handshakes is null)
            {
                kept = _arguments.Connect(_tls);
            }
            else
            {
                // A session to resume is made by the first one.
                AskOnce(handshakes);
            }

            connected = true;
            _connected.Signal();
            _go.Wait();
            long due = Stopwatch.GetTimestamp();
            while (!_stop && (!counting || Interlocked.Decrement(ref _budget) >= 0))
            {
                if (_arguments.Rate > 0)
                {
                    due = Math.Max(due, Stopwatch.GetTimestamp()) + (long)(Stopwatch.Frequency * _arguments.Connections / _arguments.Rate);
                    Thread.Sleep(Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due));
                }

                long start = Stopwatch.GetTimestamp();
                bool answered;
                try
                {
                    answered = handshakes is null ? (kept ??= _arguments.Connect(_tls)).Exchange(_request, _arguments.Tolerant) : AskOnce(handshakes);
                }
                catch (Exception cut) when (_arguments.Tolerant && cut is (IOException or System.Net.Sockets.SocketException))
                {
                    // Whoever is cut comes again, soon but not at once.
                    kept?.Dispose();
                    kept = null;
                    answered = false;
                    Thread.Sleep(PauseWhenCut);
                }

                if (!answered)
                {
                    client.Refused++;
                    continue;
                }

                long elapsed = Stopwatch.GetTimestamp() - start;
                client.Done++;
                if (_measuring && client.Sampled < LargestSample)
                {
                    client.Sample[client.Sampled++] = elapsed;
                }
            }
        }
        catch (Exception failure) when (failure is LoadException or IOException or System.Net.Sockets.SocketException)
        {
            Interlocked.CompareExchange(ref _failure, failure, null);
            _stop = true;
            if (!connected)
            {
                _connected.Signal();
            }
        }
        finally
        {
            kept?.Dispose();
        }
    }

    private bool AskOnce(OpenSslClient handshakes)
    {
        using var own = new HttpConnection(handshakes.Connect(_arguments.Socket));
        return own.Exchange(_request, _arguments.Tolerant);
    }

    private string Line(long requests, double seconds, TimeSpan server, TimeSpan own)
    {
        double[] sample = [.. _clients.SelectMany(client => client.Sample.Take(client.Sampled)).Select(ticks => ticks * 1e6 / Stopwatch.Frequency)];
        Array.Sort(sample);
        double At(double share) => sample.Length == 0 ? 0 : sample[(int)(share * (sample.Length - 1))];
        double each = Math.Max(1, requests);
        return string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"requests":{{requests}},"seconds":{{seconds:F6}},"rate":{{requests / seconds:F1}},"p50_us":{{At(.5):F2}},"p99_us":{{At(.99):F2}},"refused":{{Refused()}},"server_cpu_us_per_request":{{server.TotalMicroseconds / each:F3}},"client_cpu_us_per_request":{{own.TotalMicroseconds / each:F3}}}""");
    }

    private sealed class Client
    {
        public readonly long[] Sample = new long[LargestSample];
        public int Sampled;
        public long Done;
        public long Refused;
    }
}
