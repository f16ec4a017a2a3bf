using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace EdgeDaemon.EndToEnd;

/// <summary>One running <c>edged run</c> over a state directory of its own.</summary>
internal sealed partial class Daemon : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly StringBuilder _errors = new();
    private readonly bool _ownsState;
    private bool _stopped;

    private Daemon(StateDirectory state, Process process, bool ownsState)
    {
        State = state;
        _process = process;
        _ownsState = ownsState;
        process.ErrorDataReceived += (_, line) =>
        {
            lock (_errors)
            {
                _errors.AppendLine(line.Data);
            }
        };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
    }

    public StateDirectory State { get; }

    public int Id => _process.Id;

    /// <summary>That all its threads have taken of the cores since its start.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString();
            }
        }
    }

    /// <summary>Resident memory in bytes.</summary>
    public long ResidentBytes
    {
        get
        {
            string line = File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
            return long.Parse(line["VmRSS:".Length..^2], CultureInfo.InvariantCulture) * 1024;
        }
    }

    /// <summary>A daemon over a fresh state directory with the named bundles of tests/models.</summary>
    public static Task<Daemon> StartAsync(string settings, params string[] bundles) =>
        StartAsync(StateDirectory.Create(settings, bundles), ownsState: true);

    /// <summary>A daemon over a state directory that the caller made, ready to answer.</summary>
    /// <param name="under">A program, with its arguments, that starts it in its own place.</param>
    public static async Task<Daemon> StartAsync(StateDirectory state, bool ownsState = false, IReadOnlyDictionary<string, string>? environment = null, string[]? under = null)
    {
        string[] line = [.. under ?? [], Installation.Edged, "run", "--config", state.Config];
        var daemon = new Daemon(state, Command.Start(line[0], line[1..], environment), ownsState);
        var waited = Stopwatch.StartNew();
        while (!daemon.Answers())
        {
            if (daemon._process.HasExited || waited.Elapsed > Patience)
            {
                string errors = daemon.Errors;
                await daemon.KillAsync();
                Assert.Fail($"edged did not start: {errors}");
            }

            await Task.Delay(20);
        }

        return daemon;
    }

    public HttpConnection Connect() => new(State.InferenceSocket);

    public HttpConnection ConnectControl() => new(State.ControlSocket);

    /// <summary>What the control socket says of a model or a bundle's folder.</summary>
    public JsonElement Model(string nameOrFolder)
    {
        using HttpConnection control = ConnectControl();
        HttpAnswer answer = control.Get($"/control/models/{nameOrFolder}");
        Assert.AreEqual(200, answer.Status, answer.Text);
        return answer.Json;
    }

    public void Terminate() => Assert.AreEqual(0, Signal(_process.Id, 15));

    /// <summary>SIGHUP: the daemon reads its files again.</summary>
    public void HangUp() => Assert.AreEqual(0, Signal(_process.Id, 1));

    /// <summary>SIGHUP, and it has ended: how many reloads were applied or refused so far is counted in the log.</summary>
    public async Task ReloadAsync(bool refused = false)
    {
        string text = refused ? "reload refused" : "configuration reloaded";
        int before = Count(text);
        HangUp();
        await Waiting.UntilAsync(() => Count(text) > before);
    }

    /// <summary>The log has the text, now or soon: its lines come by a pipe, which need not have been read when an answer is there already.</summary>
    public void Says(string text) => Assert.IsTrue(SpinWait.SpinUntil(() => Errors.Contains(text, StringComparison.Ordinal), Patience), $"the log has no '{text}': {Errors}");

    /// <summary>How often a text stands in the log.</summary>
    public int Count(string text) => Errors.Split(text).Length - 1;

    /// <summary>SIGTERM, and the daemon must leave with exit code 0.</summary>
    public async Task StopAsync()
    {
        if (!_process.HasExited)
        {
            Terminate();
        }

        await LeaveAsync();
    }

    /// <summary>Waits for a daemon that was told to stop.</summary>
    public async Task LeaveAsync()
    {
        _stopped = true;
        using var patience = new CancellationTokenSource(Patience);
        await _process.WaitForExitAsync(patience.Token);
        Assert.AreEqual(0, _process.ExitCode, Errors);
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _stopped = true;
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (!_stopped)
            {
                await StopAsync();
            }
        }
        finally
        {
            if (!_process.HasExited)
            {
                await KillAsync();
            }

            _process.Dispose();
            if (_ownsState)
            {
                State.Dispose();
            }
        }
    }

    private bool Answers()
    {
        try
        {
            using HttpConnection connection = Connect();
            if (connection.Get("/v2/health/ready").Status != 200)
            {
                return false;
            }

            // The listeners open one after the other: the first that answers does not say that all do.
            if (File.ReadAllText(State.Config).Contains(State.ControlSocket, StringComparison.Ordinal))
            {
                using HttpConnection control = ConnectControl();
            }

            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}
