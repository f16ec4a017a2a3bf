using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Tests.Native.Onnx;

/// <summary>Runs of every kind that can leave something behind, in a process that does nothing else.</summary>
internal static class LeakProbe
{
    /// <summary>Bytes by which resident memory grew over <paramref name="rounds"/> rounds, after a warm-up.</summary>
    public static long Growth(OnnxRuntime runtime, int rounds)
    {
        using var pool = new TensorBlockPool(1L << 28);
        using OnnxSession floats = runtime.CreateSession(Graph.Identity(Graph.Float, "N"), new OnnxSessionOptions());
        using OnnxSession strings = runtime.CreateSession(Graph.Identity(8, "N"), new OnnxSessionOptions());
        using OnnxRun floatRun = floats.NewRun(pool);
        using OnnxRun stringRun = strings.NewRun(pool);
        byte[] numbers = new byte[64 * 1024];
        byte[] text = Running.Bytes([.. Enumerable.Repeat(new string('x', 1000), 32)]);
        Rounds(rounds / 5);
        long before = Resident();
        Rounds(rounds);
        return Resident() - before;

        void Rounds(int count)
        {
            for (int round = 0; round < count; round++)
            {
                // A new shape each time: a new value each time.
                Once(floatRun, numbers, numbers.Length / 4 - (round % 7));
                Once(stringRun, text, 32);
                if (round % 10 == 0)
                {
                    Fail(floatRun, numbers);
                }

                if (round % 100 == 0)
                {
                    using OnnxSession brief = runtime.CreateSession(Graph.Identity(Graph.Float, "N"), new OnnxSessionOptions());
                    using OnnxRun run = brief.NewRun(pool);
                    Once(run, numbers, 10);
                    Refuse();
                }
            }

            GC.Collect();
        }

        void Once(OnnxRun run, byte[] bytes, long count)
        {
            int length = run == stringRun ? bytes.Length : (int)count * 4;
            pool.TryRent(length, out TensorBlock? block);
            bytes.AsSpan(0, length).CopyTo(block!.GetSpan());
            run.SetInput(0, Running.Shape(count), block, length);
            run.Execute();
            run.Clear();
            block.Return();
        }

        void Fail(OnnxRun run, byte[] bytes)
        {
            pool.TryRent(bytes.Length, out TensorBlock? block);
            run.SetInput(0, Running.Shape(1, bytes.Length / 4), block!, bytes.Length);
            Assert.ThrowsExactly<OnnxException>(run.Execute);
            block!.Return();
        }

        void Refuse() => Assert.ThrowsExactly<OnnxException>(() => runtime.CreateSession(new byte[1000], new OnnxSessionOptions()));
    }

    private static long Resident() => long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1]) * Environment.SystemPageSize;
}
