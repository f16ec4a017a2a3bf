using System.Diagnostics;
using System.Runtime.InteropServices;
using EdgeDaemon.Core.Audit.Tree;

namespace EdgeDaemon.Native.OpenSsl;

/// <summary>Which of the ways to make a tree's hashes is the fastest on this machine.</summary>
public static class HasherChoice
{
    // The library that .NET has loaded, or will: it is not a second one.
    private const string Library = "libcrypto.so.3";

    // Leaves of a log as the default policy writes them, as many as fill sixteen lanes four times.
    private const int Messages = 64;
    private const int MessageBytes = 143;
    private const int Runs = 12;

    private static readonly byte[] Sample = new byte[Messages * MessageBytes];
    private static readonly HashedRange[] SampleRanges = [.. Enumerable.Range(0, Messages).Select(message => new HashedRange(message * MessageBytes, MessageBytes))];

    /// <summary>
    /// Chosen once, by measuring (0.2 to 0.5 ms): processors with SHA instructions mostly take libcrypto's functions, others lanes. What a processor has says too little: lanes are as wide as the
    /// program was compiled for, small cores run them at half speed, and libcrypto may have been told to leave instructions alone.
    /// </summary>
    public static TreeHasher Fastest { get; } = Choose(Export, Time);

    /// <param name="export">Address of a function of libcrypto's; 0 where it is not there: a distribution may build without what is deprecated.</param>
    /// <param name="time">How long a way takes, once.</param>
    internal static TreeHasher Choose(Func<string, nint> export, Func<TreeHasher, long> time)
    {
        if (OfLibcrypto(export) is not { } library)
        {
            return TreeHasher.Lanes;
        }

        // The best of several, by turns: what else runs on this machine makes a time longer, never shorter, and a clock that rises favours neither.
        long one = long.MaxValue, many = long.MaxValue;
        for (int run = 0; run < Runs; run++)
        {
            one = Math.Min(one, time(library));
            many = Math.Min(many, time(TreeHasher.Lanes));
        }

        return one <= many ? library : TreeHasher.Lanes;
    }

    /// <summary>One message after the other by libcrypto's low-level functions; null where they are not there, or make something else.</summary>
    internal static TreeHasher? OfLibcrypto(Func<string, nint> export)
    {
        if (export("SHA256_Init") is not (not 0 and var init) || export("SHA256_Update") is not (not 0 and var update) || export("SHA256_Final") is not (not 0 and var final))
        {
            return null;
        }

        var hasher = new LowLevelSha256(init, update, final);
        return IsSha256(hasher) ? hasher : null;
    }

    internal static long Time(TreeHasher hasher)
    {
        long start = Stopwatch.GetTimestamp();
        hasher.Hash(Sample, SampleRanges, stackalloc byte[Messages * TreeHash.Length]);
        return Stopwatch.GetTimestamp() - start;
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
