using System.Runtime.InteropServices;
using System.Text.Json;

namespace EdgeDaemon.EndToEnd;

/// <summary>A file that changes while the daemon loads it: what was hashed is what runs, or nothing does.</summary>
[TestClass]
public sealed class SwappedFileTests
{
    private const int Starts = 24;

    // Where the 2 KiB of the first layer's weights begin in mlp.onnx (tests/models/bench/generate.py).
    private const int FirstWeight = 134;

    [TestMethod]
    public async Task FileSwappedDuringTheLoad_NeverRunsUnsigned()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        string graph = state.Content("bench-mlp", "mlp.onnx");
        byte[] good = File.ReadAllBytes(graph);
        byte[] bad = [.. good];

        // The first layer's weights with their signs turned: a model that loads and answers, wrongly. (The control below shows that it does.)
        for (int sign = FirstWeight + 3; sign < FirstWeight + 2048; sign += sizeof(float))
        {
            bad[sign] ^= 0x80;
        }

        float[] signed = (await AnswerAsync(state))!;
        await ControlAsync(state, graph, good, bad, signed);

        string goodCopy = state.At("good.onnx"), badCopy = state.At("bad.onnx");
        bool stop = false;
        int swaps = 0;
        var swapper = new Thread(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                foreach ((byte[] bytes, string copy) in ((byte[], string)[])[(bad, badCopy), (good, goodCopy)])
                {
                    File.WriteAllBytes(copy, bytes);
                    File.Move(copy, graph, overwrite: true);
                    Interlocked.Increment(ref swaps);
                    Thread.Sleep(2);
                }
            }
        });
        swapper.Start();
        int served = 0, refused = 0;
        try
        {
            for (int i = 0; i < Starts || (i < 4 * Starts && (served == 0 || refused == 0)); i++)
            {
                if (await AnswerAsync(state) is { } answer)
                {
                    CollectionAssert.AreEqual(signed, answer, "a graph that nobody signed answered");
                    served++;
                }
                else
                {
                    refused++;
                }
            }
        }
        finally
        {
            Volatile.Write(ref stop, true);
            swapper.Join();
        }

        Assert.IsGreaterThan(Starts, swaps);
        Assert.IsTrue(served > 0 && refused > 0, $"{served} served, {refused} refused: the race was not run");
    }

    // The bad graph, correctly signed, answers differently: a test that could not tell them apart would prove nothing.
    private static async Task ControlAsync(StateDirectory state, string graph, byte[] good, byte[] bad, float[] signed)
    {
        byte[] history = File.ReadAllBytes(state.History);
        string signature = Directory.GetFiles(Path.Combine(state.Bundle("bench-mlp"), "signatures")).Single();
        byte[] original = File.ReadAllBytes(signature);
        File.WriteAllBytes(graph, bad);
        state.Sign("bench-mlp");
        state.Forget();
        CollectionAssert.AreNotEqual(signed, await AnswerAsync(state));
        File.WriteAllBytes(graph, good);
        File.WriteAllBytes(signature, original);
        File.WriteAllBytes(state.History, history);
    }

    /// <summary>The model's answer to one fixed input; null when the bundle was refused.</summary>
    private static async Task<float[]?> AnswerAsync(StateDirectory state)
    {
        await using Daemon daemon = await Daemon.StartAsync(state);
        JsonElement model = daemon.Model("bench-mlp");
        if (model.GetProperty("state").GetString() != "READY")
        {
            StringAssert.Contains(model.GetProperty("reason").GetString(), "mlp.onnx", StringComparison.Ordinal);
            return null;
        }

        float[] input = [.. Enumerable.Range(0, 16).Select(i => (i / 16f) - 0.4f)];
        using HttpConnection connection = daemon.Connect();
        HttpAnswer answer = connection.Ask(HttpConnection.Request(
            "POST", "/v2/models/bench-mlp/infer", MemoryMarshal.AsBytes<float>(input), "Inference-Header-Content-Length: 0"));
        Assert.AreEqual(200, answer.Status, answer.Text);
        return MemoryMarshal.Cast<byte, float>(answer.Binary).ToArray();
    }
}
