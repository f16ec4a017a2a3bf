using System.Diagnostics;

namespace EdgeDaemon.Tests.Audit;

/// <summary>verify_audit.py at work on many logs in one process. It shares no code with the daemon: written from the README, in another language.</summary>
internal sealed class PythonVerifier : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edged-audit-");
    private readonly List<string> _lines = [];

    /// <summary>Whether there is a python3 to run it; tests say that they were not run where there is none.</summary>
    public static bool IsThere { get; } = Try();

    /// <summary>Adds a log; the answer comes in the same place.</summary>
    public void Add(string vkey, IReadOnlyList<byte[]> segments, byte[]? chain = null, byte[]? since = null, bool openssl = false)
    {
        var arguments = new List<string> { vkey };
        if (openssl)
        {
            arguments.Add("--openssl");
        }

        string place = Path.Combine(_folder.FullName, _lines.Count.ToString("d5"));
        foreach ((string name, byte[]? bytes) in new[] { ("chain", chain), ("since", since) })
        {
            if (bytes is not null)
            {
                File.WriteAllBytes($"{place}-{name}", bytes);
                arguments.AddRange(["--" + name, $"{place}-{name}"]);
            }
        }

        for (int number = 0; number < segments.Count; number++)
        {
            File.WriteAllBytes($"{place}-segment-{number}", segments[number]);
            arguments.Add($"{place}-segment-{number}");
        }

        _lines.Add(string.Join('\t', arguments));
    }

    /// <summary>One line for each log; names of segments without their folder.</summary>
    public List<string> Run()
    {
        using Process python = Process.Start(Start("-"))!;
        Task<string> errors = python.StandardError.ReadToEndAsync();
        Task<string> output = python.StandardOutput.ReadToEndAsync();
        foreach (string line in _lines)
        {
            python.StandardInput.WriteLine(line);
        }

        python.StandardInput.Close();
        python.WaitForExit();
        Assert.AreEqual("", errors.Result);
        List<string> answers = [.. output.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Replace(_folder.FullName + Path.DirectorySeparatorChar, "", StringComparison.Ordinal))];
        Assert.AreEqual(_lines.Count, answers.Count);
        return answers;
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static ProcessStartInfo Start(string argument) => new("python3", [Repository.File("tests/EdgeDaemon.Tests/Audit/verify_audit.py"), argument])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };

    private static bool Try()
    {
        try
        {
            using Process python = Process.Start(new ProcessStartInfo("python3", "--version") { RedirectStandardOutput = true })!;
            python.WaitForExit();
            return python.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
