using System.Runtime.InteropServices;
using System.Text;

namespace EdgeDaemon.Benchmarks.Bare;

/// <summary>
/// As much of ONNX Runtime's C API as a small server needs: the function table by slot number (API version 21, append-only),
/// one environment, sessions with one intra-op thread, values over the caller's memory.
/// </summary>
internal sealed unsafe class Ort
{
    private const uint ApiVersion = 21;

    private const int ErrorMessage = 2, CreateEnv = 3, CreateSessionFromArray = 8, RunSession = 9, CreateOptions = 10,
        SetIntraOpThreads = 24, InputTypeInfo = 33, OutputTypeInfo = 34, InputName = 36, OutputName = 37, CreateTensorWithData = 49,
        CastToTensorInfo = 55, ElementTypeOf = 60, DimensionsCount = 61, Dimensions = 62, CreateCpuMemoryInfo = 69,
        DefaultAllocator = 78, ReleaseStatus = 93, ReleaseValueSlot = 96;

    private readonly void** _table;
    private readonly nint _environment;
    private readonly nint _memory;
    private readonly nint _allocator;

    public Ort(string library)
    {
        // Official builds phone home unless the native environment says no before the library is loaded.
        if (SetEnvironment("ORT_DISABLE_TELEMETRY", "1", 1) != 0)
        {
            throw new InvalidOperationException("setenv failed");
        }

        nint handle = NativeLibrary.Load(library);
        var getApiBase = (delegate* unmanaged[Cdecl]<nint*>)NativeLibrary.GetExport(handle, "OrtGetApiBase");
        var getApi = (delegate* unmanaged[Cdecl]<uint, void**>)getApiBase()[0];
        _table = getApi(ApiVersion);
        if (_table == null)
        {
            throw new InvalidOperationException($"{library} has no API version {ApiVersion}");
        }

        nint result;
        fixed (byte* name = "bench\0"u8)
        {
            Check(((delegate* unmanaged[Cdecl]<int, byte*, nint*, nint>)_table[CreateEnv])(3, name, &result));
        }

        _environment = result;
        Check(((delegate* unmanaged[Cdecl]<int, int, nint*, nint>)_table[CreateCpuMemoryInfo])(0, 0, &result));
        _memory = result;
        Check(((delegate* unmanaged[Cdecl]<nint*, nint>)_table[DefaultAllocator])(&result));
        _allocator = result;
    }

    /// <summary>A session over the model's bytes that computes on the calling thread alone.</summary>
    public nint CreateSession(ReadOnlySpan<byte> model)
    {
        nint options, session;
        Check(((delegate* unmanaged[Cdecl]<nint*, nint>)_table[CreateOptions])(&options));
        Check(((delegate* unmanaged[Cdecl]<nint, int, nint>)_table[SetIntraOpThreads])(options, 1));
        fixed (byte* data = model)
        {
            Check(((delegate* unmanaged[Cdecl]<nint, byte*, nuint, nint, nint*, nint>)_table[CreateSessionFromArray])(
                _environment, data, (nuint)model.Length, options, &session));
        }

        return session;
    }

    /// <summary>Name (zero-terminated, never freed: one per process) and dimensions (-1 = dynamic) of input or output 0, which must be FP32.</summary>
    public (nint Name, long[] Dimensions) Describe(nint session, bool input)
    {
        nint name, info, tensor;
        nuint rank;
        int type;
        Check(((delegate* unmanaged[Cdecl]<nint, nuint, nint, nint*, nint>)_table[input ? InputName : OutputName])(session, 0, _allocator, &name));
        Check(((delegate* unmanaged[Cdecl]<nint, nuint, nint*, nint>)_table[input ? InputTypeInfo : OutputTypeInfo])(session, 0, &info));
        Check(((delegate* unmanaged[Cdecl]<nint, nint*, nint>)_table[CastToTensorInfo])(info, &tensor));
        Check(((delegate* unmanaged[Cdecl]<nint, int*, nint>)_table[ElementTypeOf])(tensor, &type));
        if (type != 1)
        {
            throw new NotSupportedException("this program serves FP32 tensors");
        }

        Check(((delegate* unmanaged[Cdecl]<nint, nuint*, nint>)_table[DimensionsCount])(tensor, &rank));
        var dimensions = new long[rank];
        fixed (long* values = dimensions)
        {
            Check(((delegate* unmanaged[Cdecl]<nint, long*, nuint, nint>)_table[Dimensions])(tensor, values, rank));
        }

        return (name, dimensions);
    }

    /// <summary>An FP32 tensor over memory that must stay where it is until <see cref="ReleaseValue"/>.</summary>
    public nint CreateValue(void* data, nuint bytes, ReadOnlySpan<long> shape)
    {
        nint value;
        fixed (long* dimensions = shape)
        {
            Check(((delegate* unmanaged[Cdecl]<nint, void*, nuint, long*, nuint, int, nint*, nint>)_table[CreateTensorWithData])(
                _memory, data, bytes, dimensions, (nuint)shape.Length, 1, &value));
        }

        return value;
    }

    public void ReleaseValue(nint value) => ((delegate* unmanaged[Cdecl]<nint, void>)_table[ReleaseValueSlot])(value);

    public void Run(nint session, nint inputName, nint input, nint outputName, nint output) =>
        Check(((delegate* unmanaged[Cdecl]<nint, nint, nint*, nint*, nuint, nint*, nuint, nint*, nint>)_table[RunSession])(
            session, 0, &inputName, &input, 1, &outputName, 1, &output));

    private void Check(nint status)
    {
        if (status == 0)
        {
            return;
        }

        byte* message = ((delegate* unmanaged[Cdecl]<nint, byte*>)_table[ErrorMessage])(status);
        string text = Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(message));
        ((delegate* unmanaged[Cdecl]<nint, void>)_table[ReleaseStatus])(status);
        throw new InvalidOperationException(text);
    }

    [DllImport("libc", EntryPoint = "setenv")]
    private static extern int SetEnvironment([MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value, int overwrite);
}
