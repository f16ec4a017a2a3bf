using System.Collections.Immutable;
using System.Runtime.InteropServices;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Native.Onnx;

/// <summary>One graph ready to run. Several threads may run it at once, each through its own <see cref="OnnxRun"/>.</summary>
public sealed unsafe class OnnxSession : IDisposable
{
    private const int AllOptimisations = 99;
    private const int TensorKind = 1;

    private readonly OnnxHandle _session;

    internal OnnxSession(OnnxRuntime runtime, ReadOnlySpan<byte> model, OnnxSessionOptions options)
    {
        Runtime = runtime;
        OrtApi api = runtime.Api;
        using OnnxHandle prepared = Prepare(api, options);
        nint session;
        fixed (byte* bytes = model)
        {
            api.Check(
                ((delegate* unmanaged[Cdecl]<nint, byte*, nuint, nint, nint*, void*>)api[OrtSlots.CreateSessionFromArray])(
                    runtime.Environment, bytes, (nuint)model.Length, prepared.Value, &session),
                "load the model");
        }

        _session = new OnnxHandle(api, OrtSlots.ReleaseSession, session);
        try
        {
            Inputs = Discover(api, session, "input", OrtSlots.SessionGetInputCount, OrtSlots.SessionGetInputName, OrtSlots.SessionGetInputTypeInfo);
            Outputs = Discover(api, session, "output", OrtSlots.SessionGetOutputCount, OrtSlots.SessionGetOutputName, OrtSlots.SessionGetOutputTypeInfo);
        }
        catch
        {
            _session.Dispose();
            throw;
        }
    }

    public ImmutableArray<OnnxTensorInfo> Inputs { get; }

    public ImmutableArray<OnnxTensorInfo> Outputs { get; }

    internal OnnxRuntime Runtime { get; }

    internal nint Handle => _session.Value;

    public OnnxRun NewRun(TensorBlockPool pool) => new(this, pool);

    public void Dispose() => _session.Dispose();

    private static OnnxHandle Prepare(OrtApi api, OnnxSessionOptions options)
    {
        nint created;
        api.Check(((delegate* unmanaged[Cdecl]<nint*, void*>)api[OrtSlots.CreateSessionOptions])(&created), "create session options");
        nint value = created;
        var prepared = new OnnxHandle(api, OrtSlots.ReleaseSessionOptions, value);
        SetNumber(OrtSlots.SetIntraOpNumThreads, options.IntraOpThreads);
        SetNumber(OrtSlots.SetInterOpNumThreads, 1);
        SetNumber(OrtSlots.SetSessionExecutionMode, 0);
        SetNumber(OrtSlots.SetSessionGraphOptimizationLevel, AllOptimisations);
        api.Check(((delegate* unmanaged[Cdecl]<nint, byte, void*>)api[OrtSlots.SetDeterministicCompute])(value, 1), "set deterministic mode");

        // Spinning trades a core per pool for microseconds; an edge device has other uses for the core.
        SetEntry("session.intra_op.allow_spinning", "0");
        SetEntry("session.inter_op.allow_spinning", "0");
        SetEntry("session.set_denormal_as_zero", options.DenormalAsZero ? "1" : "0");
        return prepared;

        void SetNumber(int slot, int number) =>
            api.Check(((delegate* unmanaged[Cdecl]<nint, int, void*>)api[slot])(value, number), "set a session option");

        void SetEntry(string key, string text)
        {
            byte* keyUtf8 = (byte*)Marshal.StringToCoTaskMemUTF8(key);
            byte* textUtf8 = (byte*)Marshal.StringToCoTaskMemUTF8(text);
            try
            {
                api.Check(((delegate* unmanaged[Cdecl]<nint, byte*, byte*, void*>)api[OrtSlots.AddSessionConfigEntry])(value, keyUtf8, textUtf8), $"set {key}");
            }
            finally
            {
                Marshal.FreeCoTaskMem((nint)keyUtf8);
                Marshal.FreeCoTaskMem((nint)textUtf8);
            }
        }
    }

    private static ImmutableArray<OnnxTensorInfo> Discover(OrtApi api, nint session, string kind, int countSlot, int nameSlot, int typeSlot)
    {
        nuint count;
        api.Check(((delegate* unmanaged[Cdecl]<nint, nuint*, void*>)api[countSlot])(session, &count), $"count the {kind}s");
        nint allocator;
        api.Check(((delegate* unmanaged[Cdecl]<nint*, void*>)api[OrtSlots.GetAllocatorWithDefaultOptions])(&allocator), "get the default allocator");
        var found = ImmutableArray.CreateBuilder<OnnxTensorInfo>((int)count);
        for (nuint i = 0; i < count; i++)
        {
            byte* name;
            api.Check(((delegate* unmanaged[Cdecl]<nint, nuint, nint, byte**, void*>)api[nameSlot])(session, i, allocator, &name), $"read the name of {kind} {i}");
            string text = OrtApi.Text(name);
            api.Check(((delegate* unmanaged[Cdecl]<nint, byte*, void*>)api[OrtSlots.AllocatorFree])(allocator, name), "free a name");

            nint type;
            api.Check(((delegate* unmanaged[Cdecl]<nint, nuint, nint*, void*>)api[typeSlot])(session, i, &type), $"read the type of {kind} '{text}'");
            using var owned = new OnnxHandle(api, OrtSlots.ReleaseTypeInfo, type);
            found.Add(Describe(api, type, kind, text));
        }

        return found.MoveToImmutable();
    }

    private static OnnxTensorInfo Describe(OrtApi api, nint type, string kind, string name)
    {
        int onnxKind;
        api.Check(((delegate* unmanaged[Cdecl]<nint, int*, void*>)api[OrtSlots.GetOnnxTypeFromTypeInfo])(type, &onnxKind), "read a type");
        nint tensor;
        api.Check(((delegate* unmanaged[Cdecl]<nint, nint*, void*>)api[OrtSlots.CastTypeInfoToTensorInfo])(type, &tensor), "read a tensor type");
        if (onnxKind != TensorKind || tensor == 0)
        {
            string[] kinds = ["of unknown kind", "a tensor", "a sequence", "a map", "opaque", "a sparse tensor", "optional"];
            throw new OnnxContractException($"{kind} '{name}' is {((uint)onnxKind < kinds.Length ? kinds[onnxKind] : $"of kind {onnxKind}")}; only dense tensors are served");
        }

        int element;
        api.Check(((delegate* unmanaged[Cdecl]<nint, int*, void*>)api[OrtSlots.GetTensorElementType])(tensor, &element), "read an element type");
        if (!OnnxElementTypes.TryFrom(element, out ElementType elementType))
        {
            throw new OnnxContractException($"{kind} '{name}' has ONNX element type {element}, which the inference protocol cannot carry");
        }

        nuint rank;
        api.Check(((delegate* unmanaged[Cdecl]<nint, nuint*, void*>)api[OrtSlots.GetDimensionsCount])(tensor, &rank), "read a rank");
        if (rank > TensorShape.MaxRank)
        {
            throw new OnnxContractException($"{kind} '{name}' has {rank} dimensions; at most {TensorShape.MaxRank} are served");
        }

        long* dimensions = stackalloc long[TensorShape.MaxRank];
        byte** symbols = stackalloc byte*[TensorShape.MaxRank];
        api.Check(((delegate* unmanaged[Cdecl]<nint, long*, nuint, void*>)api[OrtSlots.GetDimensions])(tensor, dimensions, rank), "read dimensions");
        api.Check(((delegate* unmanaged[Cdecl]<nint, byte**, nuint, void*>)api[OrtSlots.GetSymbolicDimensions])(tensor, symbols, rank), "read symbolic dimensions");
        var shape = ImmutableArray.CreateBuilder<long>((int)rank);
        var names = ImmutableArray.CreateBuilder<string>((int)rank);
        for (int i = 0; i < (int)rank; i++)
        {
            shape.Add(Math.Max(dimensions[i], -1));
            names.Add(OrtApi.Text(symbols[i]));
        }

        return new OnnxTensorInfo(name, elementType, shape.MoveToImmutable(), names.MoveToImmutable());
    }
}
