using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace EdgeDaemon.Native.Onnx;

/// <summary>The instruction sets by which the inference library chooses its kernels: another choice may round otherwise, so certificates name it.</summary>
public static class ProcessorKind
{
    /// <summary>Like <c>x64 avx2 fma avx512f avx512_vnni</c>: the architecture, then those of the sets that it has.</summary>
    public static string Text { get; } = Describe();

    private static string Describe()
    {
        string text = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        if (!X86Base.IsSupported)
        {
            return text;
        }

        // Asked of the processor: what this program was compiled for says nothing of what a library finds.
        (int _, int b, int c, int d) = X86Base.CpuId(7, 0);
        (int more, int _, int _, int _) = X86Base.CpuId(7, 1);
        (int _, int _, int first, int _) = X86Base.CpuId(1, 0);
        Has("fma", first, 12);
        Has("avx2", b, 5);
        Has("avx512f", b, 16);
        Has("avx512bw", b, 30);
        Has("avx512vl", b, 31);
        Has("avx512_vnni", c, 11);
        Has("amx_tile", d, 24);
        Has("avx_vnni", more, 4);
        Has("avx512_bf16", more, 5);
        return text;

        void Has(string name, int register, int bit) => text += ((register >> bit) & 1) != 0 ? $" {name}" : "";
    }
}
