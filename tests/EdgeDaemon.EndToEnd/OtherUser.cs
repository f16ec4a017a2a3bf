using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace EdgeDaemon.EndToEnd;

/// <summary>A caller with a user of its own: a process, since the kernel names who connects. Its group is root's, so that a socket's mode can let it in.</summary>
internal sealed class OtherUser(StateDirectory state, int user)
{
    private const string Python = "/usr/bin/python3";
    private const string SetPriv = "/usr/bin/setpriv";

    /// <summary>Inconclusive where nobody can become somebody else.</summary>
    public static void Require()
    {
        if (Environment.UserName != "root" || !File.Exists(Python) || !File.Exists(SetPriv))
        {
            Assert.Inconclusive($"skipped: needs root, {Python} and {SetPriv}");
        }
    }

    /// <summary>Lets the group of the state directory reach its sockets.</summary>
    public static void Admit(StateDirectory state) =>
        File.SetUnixFileMode(state.Root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute);

    /// <summary>One request: its status, or null when the connection was cut.</summary>
    public int? Ask(byte[] request)
    {
        JsonElement answer = Result(Start("ask", request));
        return answer.ValueKind == JsonValueKind.String ? null : answer.GetProperty("status").GetInt32();
    }

    /// <summary>Asks over and over; the result is answers by status, and how often it was cut.</summary>
    public Process Load(byte[] request, int connections, DateTimeOffset begin, DateTimeOffset end) =>
        Start("load", request, connections.ToString(CultureInfo.InvariantCulture), Seconds(begin), Seconds(end));

    /// <summary>Opens connections until there are no more, and holds them until its input ends.</summary>
    public Process Hold(byte[] request, int most) => Start("hold", request, most.ToString(CultureInfo.InvariantCulture));

    public static JsonElement Result(Process process)
    {
        using (process)
        {
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string text = process.StandardOutput.ReadToEnd();
            Assert.IsTrue(process.WaitForExit(TimeSpan.FromSeconds(60)));
            Assert.AreEqual(0, process.ExitCode, errors.Result);
            return JsonDocument.Parse(text).RootElement;
        }
    }

    public static int Count(JsonElement result, string what) => result.TryGetProperty(what, out JsonElement count) ? count.GetInt32() : 0;

    private static string Seconds(DateTimeOffset time) => (time.ToUnixTimeMilliseconds() / 1000.0).ToString(CultureInfo.InvariantCulture);

    private Process Start(string verb, byte[] request, params string[] rest)
    {
        // Copies that anybody may read: the checkout need not be.
        string script = state.At("caller.py");
        File.Copy(Path.Combine(Installation.Root, "tests", "EdgeDaemon.EndToEnd", "admission", "caller.py"), script, overwrite: true);
        string file = state.At($"request-{Guid.NewGuid():N}");
        File.WriteAllBytes(file, request);
        foreach (string path in new[] { script, file })
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        }

        string id = user.ToString(CultureInfo.InvariantCulture);
        string[] become = user == 0 ? [] : [$"--reuid={id}", "--clear-groups", "--inh-caps=-all"];
        var start = new ProcessStartInfo(SetPriv, [.. become, Python, "-B", script, verb, state.InferenceSocket, file, .. rest])
        {
            RedirectStandardError = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        return Process.Start(start)!;
    }
}
