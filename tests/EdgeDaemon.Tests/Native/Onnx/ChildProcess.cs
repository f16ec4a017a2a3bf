using System.Diagnostics;
using System.Runtime.CompilerServices;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Tests.Native.Onnx;

/// <summary>
/// The test program started again for what must happen in a process of its own: loading a library cannot be taken back.
/// EDGED_TEST_CHILD names the deed; it is done before the test platform starts, so that nothing of that is observed.
/// </summary>
internal static class ChildProcess
{
    private const string Deed = "EDGED_TEST_CHILD";
    private const string Argument = "EDGED_TEST_CHILD_ARGUMENT";

    [ModuleInitializer]
    internal static void Enter()
    {
        if (Environment.GetEnvironmentVariable(Deed) is not { Length: > 0 } deed)
        {
            return;
        }

        try
        {
            Do(deed, Environment.GetEnvironmentVariable(Argument)!.Split('|'));
            Environment.Exit(0);
        }
        catch (Exception failure)
        {
            Console.Out.WriteLine($"{failure.GetType().Name}: {failure.Message}");
            Environment.Exit(3);
        }
    }

    /// <summary>What the child wrote, after its end; <paramref name="prefix"/> is a command in front, such as strace.</summary>
    public static (int ExitCode, string Output) Run(string deed, string argument, string[]? prefix = null, params (string Name, string Value)[] environment)
    {
        string[] command = [.. prefix ?? [], Path.Combine(AppContext.BaseDirectory, "EdgeDaemon.Tests")];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[Deed] = deed;
        start.Environment[Argument] = argument;
        start.Environment.Remove("ORT_DISABLE_TELEMETRY");

        // The library also keeps quiet where it believes to run in continuous integration: the control must not.
        start.Environment.Remove("CI");

        // The .NET runtime's diagnostics open a socket of their own, which is not what is looked for.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process child = Process.Start(start)!;
        Task<string> errors = child.StandardError.ReadToEndAsync();
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        return (child.ExitCode, output + errors.Result);
    }

    private static void Do(string deed, string[] argument)
    {
        switch (deed)
        {
            case "load":
                using (OnnxRuntime loaded = OnnxRuntime.Load(argument[0], argument[1], _ => { }))
                {
                    Console.Out.WriteLine($"loaded {loaded.Version}");
                }

                break;
            case "load-two":
                using (OnnxRuntime first = OnnxRuntime.Load(argument[0], argument[1], _ => { }))
                using (OnnxRuntime again = OnnxRuntime.Load(argument[0], argument[1], _ => { }))
                {
                    Console.Out.WriteLine($"loaded {again.Version} twice");
                    OnnxRuntime.Load(argument[2], argument[3], _ => { }).Dispose();
                }

                break;
            case "serve" or "serve-with-telemetry":
                Serve(
                    deed == "serve"
                        ? OnnxRuntime.Load(argument[0], argument[1], Console.Out.WriteLine)
                        : OnnxRuntime.LoadWithTelemetry(argument[0], argument[1], Console.Out.WriteLine),
                    TimeSpan.FromSeconds(int.Parse(argument[2])));
                break;
            case "run-for-leaks":
                using (OnnxRuntime runtime = OnnxRuntime.Load(argument[0], argument[1], _ => { }))
                {
                    Console.Out.WriteLine($"grown by {LeakProbe.Growth(runtime, int.Parse(argument[2]))} bytes");
                }

                break;
            case "run-with-its-own-memory":
                Serve(OnnxRuntime.LoadWithItsOwnMemory(argument[0], argument[1], _ => { }), TimeSpan.Zero, adding: true);
                break;
            default:
                throw new InvalidOperationException($"no deed {deed}");
        }
    }

    private static void Serve(OnnxRuntime loaded, TimeSpan time, bool adding = false)
    {
        using OnnxRuntime runtime = loaded;
        using var pool = new TensorBlockPool(1 << 20);
        using OnnxSession session = runtime.CreateSession(
            adding
                ? Graph.Model(Graph.Of([Graph.Node("Add", ["x", "x"], ["y"])], [Graph.Port("x", Graph.Float, "N")], [Graph.Port("y", Graph.Float, "N")]))
                : Graph.Identity(Graph.Float, "N"),
            new OnnxSessionOptions());
        using OnnxRun run = session.NewRun(pool);
        long end = Environment.TickCount64 + (long)time.TotalMilliseconds;
        do
        {
            pool.TryRent(8, out TensorBlock? block);
            run.SetInput(0, Running.Shape(2), block!, 8);
            run.Execute();
            run.Clear();
            block!.Return();
            Thread.Sleep(100);
        }
        while (Environment.TickCount64 < end);
        Console.Out.WriteLine("served");
    }
}
