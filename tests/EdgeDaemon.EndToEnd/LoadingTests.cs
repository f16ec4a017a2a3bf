using System.Diagnostics;
using System.Text.Json;
using static EdgeDaemon.EndToEnd.Waiting;

namespace EdgeDaemon.EndToEnd;

/// <summary>How models are loaded: by their bundles' options within the device's, laid out by what was measured, and without anybody noticing.</summary>
[TestClass]
public sealed class LoadingTests
{
    private const string Bench = "bench/bench-mlp";

    [TestMethod]
    public async Task SessionOptions_AreThoseOfTheBundle_WithinTheDevices()
    {
        using StateDirectory state = StateDirectory.Create("[engine]\nintra_op_threads = 2", Bench);
        state.Copy("digits/digits-s25", "digits");
        File.AppendAllText(state.Content("digits", "model.toml"), "\n[session]\noptimisation = \"none\"\nintra_op_threads = 64\ndeterministic = false\ndenormal_as_zero = true\nmemory_pattern = false\n");
        state.Sign("digits");
        await using Daemon daemon = await Daemon.StartAsync(state);

        JsonElement engine = daemon.Model("digits").GetProperty("engine");
        Assert.AreEqual(2, engine.GetProperty("intra_op_threads").GetInt32());
        Assert.AreEqual("model.toml wishes 64 threads, the device gives fewer", engine.GetProperty("reason").GetString());
        Assert.AreEqual("none", engine.GetProperty("optimisation").GetString());
        Assert.IsFalse(engine.GetProperty("deterministic").GetBoolean());
        Assert.IsTrue(engine.GetProperty("denormal_as_zero").GetBoolean());
        Assert.IsFalse(engine.GetProperty("memory_pattern").GetBoolean());
        engine = daemon.Model(Releases.Model).GetProperty("engine");
        Assert.AreEqual(("all", true, false, true), (
            engine.GetProperty("optimisation").GetString(), engine.GetProperty("deterministic").GetBoolean(), engine.GetProperty("denormal_as_zero").GetBoolean(),
            engine.GetProperty("memory_pattern").GetBoolean()));
        string shown = Command.Edgectl("model", "status", "digits", "--socket", state.ControlSocket).Succeeded().Output;
        StringAssert.Contains(shown, "of 2 threads", StringComparison.Ordinal);
        StringAssert.Contains(shown, "optimisation none, denormals as zero", StringComparison.Ordinal);

        using HttpConnection connection = daemon.Connect();
        Assert.AreEqual(200, connection.Ask(Digits.Binary(0, 2)).Status);
    }

    [TestMethod]
    public async Task WhatTheLibraryMakesOfAGraph_IsOnNoDisk()
    {
        using StateDirectory state = StateDirectory.Create("", Bench, "digits/digits-s25");
        string here = Environment.CurrentDirectory;
        string[] before = Directory.GetFiles(here), shared = [.. Temporary()];
        await using Daemon daemon = await Daemon.StartAsync(state);
        Assert.AreEqual(here, new FileInfo($"/proc/{daemon.Id}/cwd").ResolveLinkTarget(true)!.FullName.TrimEnd('/'));

        // In whatever form it were written, a graph made ready has the weights: a piece of them is in the bundle (the control), and in no file that is new or open.
        byte[] graph = File.ReadAllBytes(state.Content("bench-mlp", "mlp.onnx")), weights = graph[(graph.Length / 2)..((graph.Length / 2) + 64)];
        string[] holding = [.. Directory.EnumerateFiles(state.Root, "*", SearchOption.AllDirectories)
            .Concat(Temporary().Except(shared))
            .Concat(Directory.GetFiles($"/proc/{daemon.Id}/fd").Where(open => new FileInfo(open).LinkTarget is { } target && target.StartsWith('/') && !target.StartsWith("/dev/", StringComparison.Ordinal)))
            .Where(file => file != Path.Combine(state.Audit, "lock") && Path.GetExtension(file) != ".sock" && Holds(file, weights))];
        Assert.AreEqual(state.Content("bench-mlp", "mlp.onnx"), holding.Single(), string.Join('\n', holding));
        string[] graphs = [.. Directory.EnumerateFiles(state.Root, "*", SearchOption.AllDirectories)
            .Where(file => file != Path.Combine(state.Audit, "lock")) // Locked against this runtime; empty.
            .Where(file => Path.GetExtension(file) is ".ort" or ".onnx" || (Path.GetExtension(file) != ".sock" && File.ReadAllBytes(file).AsSpan().IndexOf("ORTM"u8) == 4))];
        Assert.IsTrue(graphs.Length > 0 && graphs.All(file => file.Contains("/content/", StringComparison.Ordinal)), string.Join('\n', graphs));
        CollectionAssert.AreEquivalent(before, Directory.GetFiles(here));
    }

    [TestMethod]
    public async Task Layout_IsMeasuredOnce_WhereARunIsLongEnough_AndShownWithItsFigures()
    {
        using StateDirectory state = StateDirectory.Create("", Bench);
        CraftedModels.Bundle(state, "slow", CraftedModels.Loop(5000), 5001);
        string chosen;
        await using (Daemon first = await Daemon.StartAsync(state))
        {
            JsonElement layouts = first.Model("slow").GetProperty("probe").GetProperty("layouts");
            Assert.AreEqual(Environment.ProcessorCount > 1 ? 3 : 0, layouts.GetArrayLength());
            Assert.IsTrue(layouts.EnumerateArray().All(layout => layout.GetProperty("runs_per_second").GetDouble() > 0));
            Assert.AreEqual(0, first.Model(Releases.Model).GetProperty("probe").GetProperty("layouts").GetArrayLength(), "a model so small has nothing to choose");
            Assert.AreEqual("a lane for each core", first.Model(Releases.Model).GetProperty("engine").GetProperty("reason").GetString());
            chosen = first.Model("slow").GetProperty("engine").GetRawText();
            if (Environment.ProcessorCount > 1)
            {
                StringAssert.Contains(chosen, "measured at its first load", StringComparison.Ordinal);
                await UntilAsync(() => first.Count("model slow: ") == 1);
                StringAssert.Matches(first.Errors, new(@"model slow: \d+ lanes of \d+ threads, (a session each|one session): measured at its first load; \d+ x 1, one session: [0-9.]+/s; "));
            }
        }

        await using (Daemon again = await Daemon.StartAsync(state))
        {
            Assert.DoesNotContain("loaded in a child first", again.Errors);
            Assert.AreEqual(chosen, again.Model("slow").GetProperty("engine").GetRawText());
        }

        // Somebody has chosen: nothing is measured for it.
        state.Configure("[engine]\nlanes = 3");
        await using Daemon told = await Daemon.StartAsync(state);
        Assert.AreEqual((3, "as edged.toml says"), (told.Model("slow").GetProperty("engine").GetProperty("lanes").GetInt32(), told.Model("slow").GetProperty("engine").GetProperty("reason").GetString()));
    }

    /// <summary>Eight callers, while releases replace each other and a model is taken away: not one of them notices.</summary>
    [TestMethod]
    public async Task LoadAndUnload_DisturbNobody()
    {
        using StateDirectory state = StateDirectory.Create("", Bench, "digits/digits-s25");
        await using Daemon daemon = await Daemon.StartAsync(state);
        bool ends = false, changing = false;
        List<double>[] calm = [.. Enumerable.Range(0, 8).Select(_ => new List<double>())], changed = [.. Enumerable.Range(0, 8).Select(_ => new List<double>())];
        Task[] callers = [.. Enumerable.Range(0, 8).Select(caller => Task.Factory.StartNew(
            () =>
            {
                using HttpConnection connection = daemon.Connect();
                byte[] question = Releases.Question();
                while (!Volatile.Read(ref ends))
                {
                    long start = Stopwatch.GetTimestamp();
                    HttpAnswer answer = connection.Ask(question);
                    Assert.AreEqual(200, answer.Status, answer.Text);
                    (Volatile.Read(ref changing) ? changed : calm)[caller].Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                }
            },
            TaskCreationOptions.LongRunning))];

        await UntilAsync(() => callers.Any(caller => caller.IsCompleted) || calm.Sum(times => times.Count) > 4000);
        Volatile.Write(ref changing, true);
        for (int release = 0; release < 3; release++)
        {
            Releases.Add(state, $"next-{release}", 1000 + release);
            await daemon.ReloadAsync();
            Assert.AreEqual(1000 + release, daemon.Model(Releases.Model).GetProperty("sequence").GetInt64());
        }

        Directory.Delete(state.Bundle("digits-s25"), recursive: true);
        await daemon.ReloadAsync();
        await UntilAsync(() => callers.Any(caller => caller.IsCompleted) || changed.Sum(times => times.Count) > 4000);
        Volatile.Write(ref ends, true);
        await Task.WhenAll(callers);

        // A child that loads takes a core of two; that is what the factor is for.
        double before = Late(calm), during = Late(changed);
        Assert.IsLessThan((before * 20) + 250, during, $"the slowest hundredth: {before} ms before, {during} ms while models changed");
    }

    private static IEnumerable<string> Temporary() => Directory.EnumerateFiles(Path.GetTempPath());

    private static bool Holds(string file, byte[] bytes)
    {
        try
        {
            using FileStream open = File.OpenRead(file);
            byte[] all = new byte[Math.Min(open.Length, 1 << 26)];
            return all.AsSpan(0, open.ReadAtLeast(all, all.Length, throwOnEndOfStream: false)).IndexOf(bytes) >= 0;
        }
        catch (IOException)
        {
            return false; // Gone since, or not to be read by anybody.
        }
    }

    private static double Late(List<double>[] times)
    {
        double[] all = [.. times.SelectMany(each => each).Order()];
        return all[(int)(all.Length * 0.99)];
    }
}
