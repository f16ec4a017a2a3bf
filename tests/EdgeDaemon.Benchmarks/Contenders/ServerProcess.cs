using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using EdgeDaemon.Benchmarks.Load;

namespace EdgeDaemon.Benchmarks.Contenders;

/// <summary>A server under measurement: started, waited for until it answers the workload's request, ended.</summary>
internal sealed class ServerProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    private ServerProcess(Process process, string socket, TimeSpan firstAnswer)
    {
        _process = process;
        Socket = socket;
        FirstAnswer = firstAnswer;
    }

    public string Socket { get; }

    /// <summary>From before the process was started to its first right answer.</summary>
    public TimeSpan FirstAnswer { get; }

    public int Id => _process.Id;

    /// <summary>VmRSS in bytes.</summary>
    public long ResidentBytes
    {
        get
        {
            string line = File.ReadLines($"/proc/{Id}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
            return 1024 * long.Parse(line.AsSpan(6).TrimEnd("kB ").Trim(), CultureInfo.InvariantCulture);
        }
    }

    /// <param name="executable">The server's.</param>
    /// <param name="arguments">Its command line.</param>
    /// <param name="asked">Where it listens, and the request that it is to answer.</param>
    public static ServerProcess Start(string executable, IEnumerable<string> arguments, Arguments asked)
    {
        byte[] request = PreparedRequest.For(asked);
        return Start(executable, arguments, asked.Socket, () => Answers(asked, request));
    }

    /// <param name="executable">The server's.</param>
    /// <param name="arguments">Its command line.</param>
    /// <param name="socket">Where it listens.</param>
    /// <param name="answers">Asks once; true when the answer was right.</param>
    public static ServerProcess Start(string executable, IEnumerable<string> arguments, string socket, Func<bool> answers)
    {
        File.Delete(socket);
        var info = new ProcessStartInfo(executable, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        long start = Stopwatch.GetTimestamp();
        Process process = Process.Start(info) ?? throw new InvalidOperationException($"{executable} did not start");
        var said = new Queue<string>();
        void Hear(object sender, DataReceivedEventArgs line)
        {
            lock (said)
            {
                said.Enqueue(line.Data ?? "");
                if (said.Count > 40)
                {
                    said.Dequeue();
                }
            }
        }

        process.OutputDataReceived += Hear;
        process.ErrorDataReceived += Hear;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        while (!answers())
        {
            if (process.HasExited || Stopwatch.GetElapsedTime(start) > Patience)
            {
                process.Kill();
                process.WaitForExit();
                lock (said)
                {
                    throw new InvalidOperationException($"{executable} gave no right answer:\n{string.Join('\n', said)}");
                }
            }

            Thread.Sleep(1);
        }

        return new ServerProcess(process, socket, Stopwatch.GetElapsedTime(start));
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        File.Delete(Socket);
    }

    private static bool Answers(Arguments asked, byte[] request)
    {
        if (!File.Exists(asked.Socket))
        {
            return false;
        }

        try
        {
            using ILoadConnection connection = asked.Connect();
            connection.Exchange(request);
            return true;
        }
        catch (Exception early) when (early is SocketException or LoadException or IOException)
        {
            return false; // Bound and not yet listening, or listening and not yet ready: asked again in a millisecond.
        }
    }
}
