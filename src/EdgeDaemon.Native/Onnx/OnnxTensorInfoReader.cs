using System.Collections.Immutable;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Native.Onnx;

/// <summary>What a session says of its inputs and outputs, as values; refuses what the protocol cannot carry.</summary>
internal static unsafe class OnnxTensorInfoReader
{
    private const int TensorKind = 1;

    // onnxruntime_c_api.h, ONNXType.
    private static readonly string[] Kinds = ["of unknown kind", "a tensor", "a sequence", "a map", "opaque", "a sparse tensor", "optional"];

    // onnxruntime_c_api.h, ONNXTensorElementDataType.
    private static readonly string[] Elements =
    [
        "undefined", "float", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool", "float16", "double", "uint32", "uint64",
        "complex64", "complex128", "bfloat16", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "uint4", "int4",
        "float4e2m1", "uint2", "int2", "float8e8m0",
    ];

    public static ImmutableArray<OnnxTensorInfo> Inputs(OrtApi api, nint session)
    {
        nuint count;
        api.Check(api.SessionGetInputCount(session, &count), "count the inputs");
        return Read(api, session, "input", count, api.SessionGetInputName, api.SessionGetInputTypeInfo);
    }

    public static ImmutableArray<OnnxTensorInfo> Outputs(OrtApi api, nint session)
    {
        nuint count;
        api.Check(api.SessionGetOutputCount(session, &count), "count the outputs");
        return Read(api, session, "output", count, api.SessionGetOutputName, api.SessionGetOutputTypeInfo);
    }

    private static ImmutableArray<OnnxTensorInfo> Read(
        OrtApi api, nint session, string role, nuint count,
        delegate* unmanaged[Cdecl]<nint, nuint, nint, byte**, void*> getName, delegate* unmanaged[Cdecl]<nint, nuint, nint*, void*> getType)
    {
        nint allocator = api.DefaultAllocator();
        var found = ImmutableArray.CreateBuilder<OnnxTensorInfo>(checked((int)count));
        for (nuint i = 0; i < count; i++)
        {
            byte* text;
            api.Check(getName(session, i, allocator, &text), $"read the name of {role} {i}");
            string name = OrtApi.Text(text);
            api.Check(api.AllocatorFree(allocator, text), "free a name");

            nint type;
            api.Check(getType(session, i, &type), $"read the type of {role} '{name}'");
            using var owned = new OnnxHandle(api.ReleaseTypeInfo, type);
            found.Add(Describe(api, type, role, name));
        }

        return found.MoveToImmutable();
    }

    private static OnnxTensorInfo Describe(OrtApi api, nint type, string role, string name)
    {
        int kind;
        nint tensor;
        api.Check(api.GetOnnxTypeFromTypeInfo(type, &kind), $"read the kind of {role} '{name}'");
        api.Check(api.CastTypeInfoToTensorInfo(type, &tensor), $"read the tensor type of {role} '{name}'");
        if (kind != TensorKind || tensor == 0)
        {
            throw new OnnxContractException($"{role} '{name}' is {NameOf(Kinds, kind)}; only dense tensors are served");
        }

        int element;
        api.Check(api.GetTensorElementType(tensor, &element), $"read the element type of {role} '{name}'");
        if (!OnnxElementTypes.TryFrom(element, out ElementType elementType))
        {
            throw new OnnxContractException(
                $"{role} '{name}' is a tensor of {NameOf(Elements, element)}, which the inference protocol has no name for");
        }

        if (api.TensorTypeAndShapeHasShape is not null && api.TensorTypeAndShapeHasShape(tensor) == 0)
        {
            return new OnnxTensorInfo(name, elementType, [], []) { RankKnown = false };
        }

        nuint rank;
        api.Check(api.GetDimensionsCount(tensor, &rank), $"read the rank of {role} '{name}'");
        if (rank > TensorShape.MaxRank)
        {
            throw new OnnxContractException($"{role} '{name}' has {rank} dimensions; at most {TensorShape.MaxRank} are served");
        }

        long* dimensions = stackalloc long[TensorShape.MaxRank];
        byte** symbols = stackalloc byte*[TensorShape.MaxRank];
        api.Check(api.GetDimensions(tensor, dimensions, rank), $"read the dimensions of {role} '{name}'");
        api.Check(api.GetSymbolicDimensions(tensor, symbols, rank), $"read the symbolic dimensions of {role} '{name}'");
        var shape = ImmutableArray.CreateBuilder<long>((int)rank);
        var names = ImmutableArray.CreateBuilder<string>((int)rank);
        for (int i = 0; i < (int)rank; i++)
        {
            shape.Add(Math.Max(dimensions[i], -1));
            names.Add(OrtApi.Text(symbols[i]));
        }

        return new OnnxTensorInfo(name, elementType, shape.MoveToImmutable(), names.MoveToImmutable());
    }

    private static string NameOf(string[] names, int value) => (uint)value < (uint)names.Length ? names[value] : $"number {value}";
}
