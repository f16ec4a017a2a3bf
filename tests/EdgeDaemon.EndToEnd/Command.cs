using System.Diagnostics;

namespace EdgeDaemon.EndToEnd;

/// <summary>A program that runs to its end: what it printed and how it left.</summary>
internal sealed record Command(int ExitCode, string Output, string Errors)
{
    public static Command Run(string program, params string[] arguments)
    {
        using Process process = Start(program, arguments);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromSeconds(60)))
        {
            process.Kill();
            Assert.Fail($"{program} {string.Join(' ', arguments)} did not end within a minute");
        }

        return new Command(process.ExitCode, output.Result, errors.Result);
    }

    public static Command Edgectl(params string[] arguments) => Run(Installation.Edgectl, arguments);

    public static Command Edged(params string[] arguments) => Run(Installation.Edged, arguments);

    public static Process Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment.Remove("NOTIFY_SOCKET");
        foreach ((string key, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[key] = value;
        }

        return Process.Start(start)!;
    }

    public Command Succeeded()
    {
        Assert.AreEqual(0, ExitCode, $"{Output}{Errors}");
        return this;
    }
}
