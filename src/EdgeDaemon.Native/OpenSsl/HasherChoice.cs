using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using EdgeDaemon.Core.Audit.Tree;

namespace EdgeDaemon.Native.OpenSsl;

/// <summary>Which of the ways to make a tree's hashes is the fastest on this machine.</summary>
public static class HasherChoice
{
    // The library that .NET has loaded, or will: it is not a second one.
    private const string Library = "libcrypto.so.3";

    /// <summary>Chosen once. By libcrypto where the processor has SHA instructions, or no vectors for lanes (arm64, where libcrypto looks for instructions itself); else side by side in lanes.</summary>
    public static TreeHasher Fastest { get; } = Choose(HasShaInstructions || !Avx2.IsSupported, Export);

    // Leaf 7 of CPUID, bit 29 of EBX: .NET does not ask for it.
    private static bool HasShaInstructions => X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= 7 && (X86Base.CpuId(7, 0).Ebx & 1 << 29) != 0;

    /// <param name="single">Whether one message after the other is faster than lanes.</param>
    /// <param name="export">Address of a function of libcrypto's; 0 where it is not there: a distribution may build without what is deprecated.</param>
    internal static TreeHasher Choose(bool single, Func<string, nint> export)
    {
        if (!single || export("SHA256_Init") is not (not 0 and var init) || export("SHA256_Update") is not (not 0 and var update) || export("SHA256_Final") is not (not 0 and var final))
        {
            return TreeHasher.Lanes;
        }

        var hasher = new LowLevelSha256(init, update, final);
        return IsSha256(hasher) ? hasher : TreeHasher.Lanes;
    }

    // A library that means something else by these names would write a log that nobody can verify, and be found out only when it is read: FIPS 180-2's examples, of one block and of two.
    private static bool IsSha256(LowLevelSha256 hasher)
    {
        Span<byte> digest = stackalloc byte[TreeHash.Length];
        hasher.Hash("abc"u8, digest);
        bool one = digest.SequenceEqual(Convert.FromHexString("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
        hasher.Hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"u8, digest);
        return one && digest.SequenceEqual(Convert.FromHexString("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"));
    }

    internal static nint Export(string name) =>
        NativeLibrary.TryLoad(Library, out nint library) && NativeLibrary.TryGetExport(library, name, out nint address) ? address : 0;
}
