using System.Diagnostics;

namespace EdgeDaemon.Tests.Ctl;

/// <summary>The openssl command line, which judges what edgectl makes and shares no code with it (.NET calls the library's primitives only).</summary>
internal static class Openssl
{
    public static (int Code, string Output) Run(params string[] arguments)
    {
        var start = new ProcessStartInfo("openssl", arguments) { RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true };
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd() + errors.Result;
        process.WaitForExit();
        return (process.ExitCode, output);
    }

    /// <summary>Its output; the test fails when it fails.</summary>
    public static string Succeeded(params string[] arguments)
    {
        (int code, string output) = Run(arguments);
        Assert.AreEqual(0, code, $"openssl {string.Join(' ', arguments)}: {output}");
        return output;
    }
}
