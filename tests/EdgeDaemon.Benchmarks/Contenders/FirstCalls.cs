using System.Diagnostics;
using System.Globalization;

namespace EdgeDaemon.Benchmarks.Contenders;

/// <summary>Which of edged's functions some work runs through, in the order of their first calls (Order/first_calls.py).</summary>
internal static class FirstCalls
{
    /// <summary>The names of the functions, as the compiler has them.</summary>
    /// <param name="options">Where the symbols are.</param>
    /// <param name="server">edged; it is good for nothing afterwards.</param>
    /// <param name="work">Asks it.</param>
    public static IReadOnlyList<string> During(Options options, ServerProcess server, Action work)
    {
        string script = Path.Combine(options.Root, "tests/EdgeDaemon.Benchmarks/Order/first_calls.py");
        var info = new ProcessStartInfo("python3", [script, Text(server.Id), options.EdgedSymbols]) { RedirectStandardOutput = true };
        using Process tracer = Process.Start(info) ?? throw new InvalidOperationException("python3 did not start");
        if (tracer.StandardOutput.ReadLine() != "ready")
        {
            throw new InvalidOperationException($"{script} could not trace edged");
        }

        work();
        using Process interrupt = Process.Start("kill", ["-INT", Text(tracer.Id)]);
        interrupt.WaitForExit();
        string[] names = tracer.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        tracer.WaitForExit();
        return names;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
