using System.Buffers.Binary;
using System.Diagnostics;

namespace EdgeDaemon.Fuzz;

/// <summary>The Python script that judges the same bytes: cases in on standard input, one verdict a line out.</summary>
internal sealed class OracleProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    public OracleProcess(string script)
    {
        string python = File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
        _process = Process.Start(new ProcessStartInfo(python, [script]) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false })
            ?? throw new InvalidOperationException($"{python} did not start");
    }

    /// <summary>Judges a batch; writing and reading run side by side, or both ends would wait on full pipes.</summary>
    public string[] Judge(IReadOnlyList<byte[]> cases)
    {
        Task writing = Task.Run(() =>
        {
            Stream input = _process.StandardInput.BaseStream;
            Span<byte> length = stackalloc byte[4];
            foreach (byte[] bytes in cases)
            {
                BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
                input.Write(length);
                input.Write(bytes);
            }

            input.Flush();
        });
        var verdicts = new string[cases.Count];
        for (int i = 0; i < verdicts.Length; i++)
        {
            Task<string?> line = _process.StandardOutput.ReadLineAsync();
            if (!line.IsCompleted && !line.Wait(Patience))
            {
                throw new InvalidOperationException($"the oracle has not judged a case of {cases[i].Length} bytes within {Patience.TotalSeconds} s: {Convert.ToHexStringLower(cases[i].AsSpan(0, Math.Min(64, cases[i].Length)))}...");
            }

            verdicts[i] = line.Result
                ?? throw new InvalidOperationException("the oracle ended before it had judged every case; its error is above");
        }

        writing.Wait();
        return verdicts;
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(5000))
        {
            _process.Kill(); // It hung over a case: that is why we leave.
        }

        _process.Dispose();
    }
}
