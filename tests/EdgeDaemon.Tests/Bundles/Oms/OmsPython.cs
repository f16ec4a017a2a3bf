using System.Diagnostics;

namespace EdgeDaemon.Tests.Bundles.Oms;

/// <summary>Runs the independent implementation, which needs python3 with cryptography 42 or later for certificates.</summary>
internal static class OmsPython
{
    private static readonly Lazy<string?> s_python = new(() => new[] { "python3", "/usr/bin/python3" }.FirstOrDefault(Fits));

    /// <summary>The tool's path; the test is skipped where it cannot run.</summary>
    public static string Tool()
    {
        string tool = Path.Combine(Conformance.Folder("oms"), "oms_make.py");
        if (s_python.Value is null)
        {
            Assert.Inconclusive("skipped: no python3 with its module cryptography, 42 or later (pip install cryptography)");
        }

        return tool;
    }

    public static (int Code, string Output) Run(string tool, params string[] arguments) => Start(s_python.Value!, [tool, .. arguments]);

    private static bool Fits(string python)
    {
        try
        {
            return Start(python, ["-c", "import cryptography.x509 as x; x.load_pem_x509_certificates; x.Certificate.not_valid_before_utc"]).Code == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static (int Code, string Output) Start(string python, string[] arguments)
    {
        var start = new ProcessStartInfo(python, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        start.Environment["PYTHONIOENCODING"] = "utf-8";
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }
}
