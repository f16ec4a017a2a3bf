using System.Collections.Immutable;
using System.Runtime.InteropServices;
using EdgeDaemon.Native.Onnx.Memory;

namespace EdgeDaemon.Native.Onnx;

/// <summary>
/// One graph ready to run. Several threads may run it at once, each through its own <see cref="OnnxRun"/>; the graph goes
/// when the session and every run of it are disposed.
/// </summary>
public sealed unsafe class OnnxSession : IDisposable
{
    private const int Sequential = 0;

    private volatile bool _disposed;

    internal OnnxSession(OnnxRuntime runtime, ReadOnlySpan<byte> model, OnnxSessionOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.IntraOpThreads, 1);
        Api = runtime.Api;
        Memory = runtime.Memory;
        OwnMemory = options.OwnMemory;
        DenormalAsZero = options.DenormalAsZero;
        if (DenormalAsZero && !FlushedDenormals.TakesEffect())
        {
            throw new OnnxContractException("it wants denormals flushed to zero (session.denormal_as_zero), which this processor or its libm does not do");
        }

        using OnnxHandle prepared = Prepare(Api, options);
        nint session;

        // Only the mode is saved here: the library may change it for the thread that creates the first session.
        using (FlushedDenormals.Begin(flush: false))
        {
            fixed (byte* bytes = model)
            {
                Api.Check(
                    Api.CreateSessionFromArray(runtime.Environment.Value, bytes, (nuint)model.Length, prepared.Value, &session), "load the model");
            }
        }

        Handle = new OnnxHandle(Api.ReleaseSession, session, runtime.Environment);
        try
        {
            Inputs = OnnxTensorInfoReader.Inputs(Api, session);
            Outputs = OnnxTensorInfoReader.Outputs(Api, session);
        }
        catch
        {
            Handle.Dispose();
            throw;
        }
    }

    /// <summary>In the graph's order, which is that of <see cref="OnnxRun.SetInput"/>.</summary>
    public ImmutableArray<OnnxTensorInfo> Inputs { get; }

    /// <summary>In the graph's order.</summary>
    public ImmutableArray<OnnxTensorInfo> Outputs { get; }

    internal OrtApi Api { get; }

    internal OnnxHandle Handle { get; }

    internal SessionMemory Memory { get; }

    internal bool OwnMemory { get; }

    internal MemoryPeaks Peaks { get; } = new();

    internal bool DenormalAsZero { get; }

    /// <summary>What is known already of how much its runs take.</summary>
    /// <param name="inputBytes">Of all inputs together.</param>
    /// <param name="peak">Bytes at once.</param>
    public void Expect(long inputBytes, long peak) => Peaks.Expect(inputBytes, peak);

    /// <param name="pool">Memory of string outputs.</param>
    public OnnxRun NewRun(TensorBlockPool pool)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new OnnxRun(this, pool);
    }

    public void Dispose()
    {
        _disposed = true;
        Handle.Dispose();
    }

    private static OnnxHandle Prepare(OrtApi api, OnnxSessionOptions options)
    {
        nint created;
        api.Check(api.CreateSessionOptions(&created), "create session options");
        var prepared = new OnnxHandle(api.ReleaseSessionOptions, created);
        try
        {
            api.Check(api.SetIntraOpNumThreads(created, options.IntraOpThreads), "set the threads of an operator");
            api.Check(api.SetInterOpNumThreads(created, 1), "set the threads between operators");
            api.Check(api.SetSessionExecutionMode(created, Sequential), "set sequential execution");
            api.Check(api.SetSessionGraphOptimizationLevel(created, (int)options.Optimisation), "set the optimisation level");
            api.Check(api.SetDeterministicCompute(created, (byte)(options.Deterministic ? 1 : 0)), "set deterministic mode");

            api.Check(options.MemoryPattern ? api.EnableMemPattern(created) : api.DisableMemPattern(created), "set the memory pattern");

            // Spinning trades a core per pool for microseconds; an edge device has other uses for the core.
            SetEntry("session.intra_op.allow_spinning", "0");
            SetEntry("session.inter_op.allow_spinning", "0");
            // All that a run touches comes from memory of ours, which is zeroed before another tenant's run.
            SetEntry("session.use_env_allocators", options.OwnMemory ? "1" : "0");
            SetEntry("session.set_denormal_as_zero", options.DenormalAsZero ? "1" : "0");

            // Left to itself the library looks for the magic of its own flat format in the bytes; the ONNX walk that judged
            // these bytes saw protobuf, and what was judged is what must be loaded.
            SetEntry("session.load_model_format", "ONNX");
            return prepared;
        }
        catch
        {
            prepared.Dispose();
            throw;
        }

        void SetEntry(string key, string text)
        {
            nint keyUtf8 = Marshal.StringToCoTaskMemUTF8(key);
            nint textUtf8 = Marshal.StringToCoTaskMemUTF8(text);
            try
            {
                api.Check(api.AddSessionConfigEntry(prepared.Value, (byte*)keyUtf8, (byte*)textUtf8), $"set {key}");
            }
            finally
            {
                Marshal.FreeCoTaskMem(keyUtf8);
                Marshal.FreeCoTaskMem(textUtf8);
            }
        }
    }
}
