using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace EdgeDaemon.EndToEnd;

/// <summary>
/// kill -9 at random moments under load, again and again: what a caller was told is in the log, once, and the log holds from its first key on. Each request has numbers of its own, and
/// its record their digest: that is how the two find each other, without a word of the daemon's.
/// </summary>
[TestClass]
public sealed class AuditCrashTests
{
    private const int Callers = 4;
    private const int Inputs = 16;

    // Half the kills hit a daemon that is still opening its log.
    private const int LongestLifeMilliseconds = 200;

    private static readonly bool Soak = Environment.GetEnvironmentVariable("EDGED_SOAK") is { Length: > 0 };
    private static readonly int Kills = Soak ? 10_000 : 200;
    private static readonly TimeSpan Budget = Soak ? TimeSpan.FromHours(6) : TimeSpan.FromSeconds(90);

    private static int _numbers;

    [TestMethod]
    public async Task WhatWasAcknowledged_SurvivesKillsAtRandomMoments_AndTheLogStillHolds()
    {
        int killed = 0;
        var clock = Stopwatch.StartNew();
        Task<int>[] devices = [.. Enumerable.Range(0, 3).Select(number => Task.Run(() => Device(number, () => clock.Elapsed < Budget && Interlocked.Increment(ref killed) <= Kills)))];
        int acknowledged = (await Task.WhenAll(devices)).Sum();
        int kills = Math.Min(killed, Kills);
        Console.WriteLine($"{kills} kills in {clock.Elapsed.TotalSeconds:0} s, {acknowledged} acknowledged answers");
        Assert.IsGreaterThan(0, acknowledged);
        Assert.IsTrue(kills == Kills || clock.Elapsed >= Budget);
        if (kills < Kills)
        {
            Console.WriteLine($"scaled: the time was over after {kills} of {Kills}");
        }
    }

    /// <summary>The control: the same judgement over a log that lost one record, by whoever removed it, and over an answer that no log has.</summary>
    [TestMethod]
    public async Task Control_ARecordThatIsGone_IsFound()
    {
        using StateDirectory state = Make(0);
        var told = new ConcurrentBag<string>();
        await using (Daemon daemon = await Daemon.StartAsync(state))
        {
            using HttpConnection connection = daemon.Connect();
            for (int i = 0; i < 20; i++)
            {
                (byte[] question, string digest) = Question();
                Assert.AreEqual(200, connection.Ask(question).Status);
                told.Add(digest);
            }

            await daemon.StopAsync();
        }

        Assert.IsEmpty(Missing(state, told));
        Assert.AreEqual(0, AuditTests.Verify(state).ExitCode);
        Assert.HasCount(1, Missing(state, [.. told, new string('0', 64)]), "an answer that was never recorded would be missed");

        // The record in the middle is taken out; what lies behind it moves up.
        string segment = Directory.GetFiles(state.Audit, "*.segment").Order(StringComparer.Ordinal).First();
        byte[] bytes = await File.ReadAllBytesAsync(segment);
        int at = 4096;
        for (int frame = 0; frame < 12; frame++)
        {
            at += Length(at);
        }

        int removed = Length(at);
        bytes.AsSpan(at + removed).CopyTo(bytes.AsSpan(at));
        await File.WriteAllBytesAsync(segment, bytes);
        Command verdict = AuditTests.Verify(state);
        Assert.AreEqual(1, verdict.ExitCode, verdict.Output);
        StringAssert.Contains(verdict.Errors, Path.GetFileName(segment), StringComparison.Ordinal);

        int Length(int from) => (24 + BitConverter.ToUInt16(bytes, from + 4) + 7) / 8 * 8;
    }

    // One device's life: started, asked, killed, as often as there is time; then judged.
    private static async Task<int> Device(int number, Func<bool> again)
    {
        using StateDirectory state = Make(number);
        var random = new Random(number);
        var told = new ConcurrentBag<string>();
        int starts = 0;
        while (again())
        {
            starts++;
            using Process process = Command.Start(Installation.Edged, ["run", "--config", state.Config]);
            Task<string> errors = process.StandardError.ReadToEndAsync();
            _ = process.StandardOutput.ReadToEndAsync();
            using var stop = new CancellationTokenSource();
            Task[] callers = [.. Enumerable.Range(0, Callers).Select(_ => Task.Factory.StartNew(() => Call(state, told, stop.Token), TaskCreationOptions.LongRunning))];
            bool young = random.Next(2) == 0;
            if (!young)
            {
                int before = told.Count;
                while (told.Count == before && !process.HasExited)
                {
                    await Task.Delay(2);
                }
            }

            await Task.Delay(random.Next(LongestLifeMilliseconds));
            Assert.IsFalse(process.HasExited, $"device {number}, start {starts}: it must start after every kill: {(process.HasExited ? await errors : "")}");
            process.Kill();
            await process.WaitForExitAsync();
            await stop.CancelAsync();
            await Task.WhenAll(callers);
        }

        // A last start and an orderly end: recovery says what it found, and the log is sealed.
        await using (Daemon daemon = await Daemon.StartAsync(state))
        {
            await daemon.StopAsync();
        }

        Command verdict = AuditTests.Verify(state);
        Assert.AreEqual(0, verdict.ExitCode, $"device {number}: {verdict.Output}{verdict.Errors}");
        Assert.IsEmpty(Missing(state, told), $"device {number}, {starts} starts, {told.Count} answers");
        return told.Count;
    }

    private static StateDirectory Make(int number)
    {
        StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        state.Configure(string.Create(CultureInfo.InvariantCulture, $"[audit]\ndurability = \"strict\"\ninput_digest = \"sha256\"\nsegment_bytes = 262144\ncheckpoint_records = {16 << number}\ncheckpoint_seconds = 1\nepoch_seconds = 10\nmin_free_bytes = 0"));
        Command.Edged("check", "--config", state.Config).Succeeded();
        return state;
    }

    private static void Call(StateDirectory state, ConcurrentBag<string> told, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                using var connection = new HttpConnection(state.InferenceSocket);
                while (!stop.IsCancellationRequested)
                {
                    (byte[] question, string digest) = Question();
                    if (!connection.Send(question) || connection.Read() is not { } answer)
                    {
                        break;
                    }

                    if (answer.Status == 200)
                    {
                        told.Add(digest);
                    }
                }
            }
            catch (Exception gone) when (gone is SocketException or AssertFailedException)
            {
                Thread.Sleep(1); // Not there yet, or cut off in the middle of an answer: that one was not told.
            }
        }
    }

    /// <summary>Numbers that nobody asked before, and the digest of their bytes.</summary>
    private static (byte[] Question, string Digest) Question()
    {
        float[] numbers = new float[Inputs];
        numbers[0] = Interlocked.Increment(ref _numbers);
        for (int i = 1; i < Inputs; i++)
        {
            numbers[i] = i;
        }

        string data = string.Join(',', numbers.Select(number => number.ToString("R", CultureInfo.InvariantCulture)));
        byte[] question = Digits.Infer(Releases.Model, Encoding.ASCII.GetBytes($$"""{"inputs":[{"name":"x","datatype":"FP32","shape":[1,16],"data":[{{data}}]}]}"""));
        return (question, Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes(numbers.AsSpan()))));
    }

    /// <summary>Answers that callers got and the log has not, or has more than once.</summary>
    private static List<string> Missing(StateDirectory state, IReadOnlyCollection<string> told)
    {
        var recorded = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (AuditLine line in AuditFile.Read(state.Audit).Where(line => line.Kind == AuditLine.Request))
        {
            recorded[line[11]!] = recorded.GetValueOrDefault(line[11]!) + 1;
        }

        return [.. told.Where(digest => recorded.GetValueOrDefault(digest) != 1)];
    }
}
