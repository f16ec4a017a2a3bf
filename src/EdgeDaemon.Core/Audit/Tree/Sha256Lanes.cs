using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeDaemon.Core.Audit.Tree;

/// <summary>
/// SHA-256's compression (FIPS 180-4 section 6.2.2) of eight blocks, one in each lane. Written out round by round: so the state is registers, and nothing is left for the compiler to decide.
/// The words stay in memory: AVX2's sixteen registers hold the state and what a round needs, and with words among them every step went over the stack (four times as long, as measured).
/// </summary>
internal static class Sha256Lanes
{
    private const int Lanes = 8;
    private const int Words = 16;

    /// <summary>FIPS 180-4 section 4.2.2.</summary>
    internal static ReadOnlySpan<uint> Constants =>
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    /// <param name="state">Eight words of eight lanes.</param>
    /// <param name="words">The blocks' sixteen words, each of eight lanes; overwritten.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compress(Span<uint> state, Span<Vector256<uint>> words)
    {
        ref Vector256<uint> w = ref MemoryMarshal.GetReference(words[..Words]);
        Vector256<uint> a = Row(state, 0);
        Vector256<uint> b = Row(state, 1);
        Vector256<uint> c = Row(state, 2);
        Vector256<uint> d = Row(state, 3);
        Vector256<uint> e = Row(state, 4);
        Vector256<uint> f = Row(state, 5);
        Vector256<uint> g = Row(state, 6);
        Vector256<uint> h = Row(state, 7);

        // Majority is b ^ ((a ^ b) & (b ^ c)): a round's first difference is the next one's second, in x and y by turns.
        Vector256<uint> x, y = b ^ c;
        Vector256<uint> s, t;
        ReadOnlySpan<uint> k = Constants[..Words];
        for (int past = Words; past < Constants.Length; past += Words)
        {
            h += (((f ^ g) & e) ^ g) + (Vector256.Create(k[0]) + w) + (((e >>> 6) ^ (e << 26)) ^ ((e >>> 11) ^ (e << 21)) ^ ((e >>> 25) ^ (e << 7)));
            d += h;
            x = a ^ b;
            h += (((a >>> 2) ^ (a << 30)) ^ ((a >>> 13) ^ (a << 19)) ^ ((a >>> 22) ^ (a << 10))) + (b ^ (y & x));
            (s, t) = (Unsafe.Add(ref w, 1), Unsafe.Add(ref w, 14));
            w += (((s >>> 7) ^ (s << 25)) ^ ((s >>> 18) ^ (s << 14)) ^ (s >>> 3)) + Unsafe.Add(ref w, 9) + (((t >>> 17) ^ (t << 15)) ^ ((t >>> 19) ^ (t << 13)) ^ (t >>> 10));
            g += (((e ^ f) & d) ^ f) + (Vector256.Create(k[1]) + Unsafe.Add(ref w, 1)) + (((d >>> 6) ^ (d << 26)) ^ ((d >>> 11) ^ (d << 21)) ^ ((d >>> 25) ^ (d << 7)));
            c += g;
            y = h ^ a;
            g += (((h >>> 2) ^ (h << 30)) ^ ((h >>> 13) ^ (h << 19)) ^ ((h >>> 22) ^ (h << 10))) + (a ^ (x & y));
            (s, t) = (Unsafe.Add(ref w, 2), Unsafe.Add(ref w, 15));
            Unsafe.Add(ref w, 1) += (((s >>> 7) ^ (s << 25)) ^ ((s >>> 18) ^ (s << 14)) ^ (s >>> 3)) + Unsafe.Add(ref w, 10) + (((t >>> 17) ^ (t << 15)) ^ ((t >>> 19) ^ (t << 13)) ^ (t >>> 10));
            f += (((d ^ e) & c) ^ e) + (Vector256.Create(k[2]) + Unsafe.Add(ref w, 2)) + (((c >>> 6) ^ (c << 26)) ^ ((c >>> 11) ^ (c << 21)) ^ ((c >>> 25) ^ (c << 7)));
            b += f;
            x = g ^ h;
            f += (((g >>> 2) ^ (g << 30)) ^ ((g >>> 13) ^ (g << 19)) ^ ((g >>> 22) ^ (g << 10))) + (h ^ (y & x));
            (s, t) = (Unsafe.Add(ref w, 3), w);
            Unsafe.Add(ref w, 2) += (((s >>> 7) ^ (s << 25)) ^ ((s >>> 18) ^ (s << 14)) ^ (s >>> 3)) + Unsafe.Add(ref w, 11) + (((t >>> 17) ^ (t << 15)) ^ ((t >>> 19) ^ (t << 13)) ^ (t >>> 10));
            e += (((c ^ d) & b) ^ d) + (Vector256.Create(k[3]) + Unsafe.Add(ref w, 3)) + (((b >>> 6) ^ (b << 26)) ^ ((b >>> 11) ^ (b << 21)) ^ ((b >>> 25) ^ (b << 7)));
            a += e;
            y = f ^ g;
            e += (((f >>> 2) ^ (f << 30)) ^ ((f >>> 13) ^ (f << 19)) ^ ((f >>> 22) ^ (f << 10))) + (g ^ (x & y));
            (s, t) = (Unsafe.Add(ref w, 4), Unsafe.Add(ref w, 1));
            Unsafe.Add(ref w, 3) += (((s >>> 7) ^ (s << 25)) ^ ((s >>> 18) ^ (s << 14)) ^ (s >>> 3)) + Unsafe.Add(ref w, 12) + (((t >>> 17) ^ (t << 15)) ^ ((t >>> 19) ^ (t << 13)) ^ (t >>> 10));
            d += (((b ^ c) & a) ^ c) + (Vector256.Create(k[4]) + Unsafe.Add(ref w, 4)) + (((a >>> 6) ^ (a << 26)) ^ ((a >>> 11) ^ (a << 21)) ^ ((a >>> 25) ^ (a << 7)));
            h += d;
            x = e ^ f;
            d += (((e >>> 2) ^ (e << 30)) ^ ((e >>> 13) ^ (e << 19)) ^ ((e >>> 22) ^ (e << 10))) + (f ^ (y & x));
            (s, t) = (Unsafe.Add(ref w, 5), Unsafe.Add(ref w, 2));
            Unsafe.Add(ref w, 4) += (((s >>> 7) ^ (s << 25)) ^ ((s >>> 18) ^ (s << 14)) ^ (s >>> 3)) + Unsafe.Add(ref w, 13) + (((t >>> 17) ^ (t << 15)) ^ ((t >>> 19) ^ (t << 13)) ^ (t >>> 10));
            c += (((a ^ b) & h) ^ b) + (Vector256.Create(k[5]) + Unsafe.Add(ref w, 5)) + (((h >>> 6) ^ (h << 26)) ^ ((h >>> 11) ^ (h << 21)) ^ ((h >>> 25) ^ (h << 7)));
            g += c;
            y = d ^ e;
            c += (((d >>> 2) ^ (d << 30)) ^ ((d >>> 13) ^ (d << 19)) ^ ((d >>> 22) ^ (d << 10))) + (e ^ (x & y));
            (s, t) = (Unsafe.Add(ref w, 6), Unsafe.Add(ref w, 3));
            Unsafe.Add(ref w, 5) += (((s >>> 7) ^ (s << 25)) ^ ((s >>> 18) ^ (s << 14)) ^ (s >>> 3)) + Unsafe.Add(ref w, 14) + (((t >>> 17) ^ (t << 15)) ^ ((t >>> 19) ^ (t << 13)) ^ (t >>> 10));
            b += (((h ^ a) & g) ^ a) + (Vector256.Create(k[6]) + Unsafe.Add(ref w, 6)) + (((g >>> 6) ^ (g << 26)) ^ ((g >>> 11) ^ (g << 21)) ^ ((g >>> 25) ^ (g << 7)));
            f += b;
            x = c ^ d;
            b += (((c >>> 2) ^ (c << 30)) ^ ((c >>> 13) ^ (c << 19)) ^ ((c >>> 22) ^ (c << 10))) + (d ^ (y & x));
            (s, t) = (Unsafe.Add(ref w, 7), Unsafe.Add(ref w, 4));
            Unsafe.Add(ref w, 6) += (((s >>> 7) ^ (s << 25)) ^ ((s >>> 18) ^ (s << 14)) ^ (s >>> 3)) + Unsafe.Add(ref w, 15) + (((t >>> 17) ^ (t << 15)) ^ ((t >>> 19) ^ (t << 13)) ^ (t >>> 10));
            a += (((g ^ h) & f) ^ h) + (Vector256.Create(k[7]) + Unsafe.Add(ref w, 7)) + (((f >>> 6) ^ (f << 26)) ^ ((f >>> 11) ^ (f << 21)) ^ ((f >>> 25) ^ (f << 7)));
            e += a;
            y = b ^ c;
            a += (((b >>> 2) ^ (b << 30)) ^ ((b >>> 13) ^ (b << 19)) ^ ((b >>> 22) ^ (b << 10))) + (c ^ (x & y));
            (s, t) = (Unsafe.Add(ref w, 8), Unsafe.Add(ref w, 5));
            Unsafe.Add(ref w, 7) += (((s >>> 7) ^ (s << 25)) ^ ((s >>> 18) ^ (s << 14)) ^ (s >>> 3)) + w + (((t >>> 17) ^ (t << 15)) ^ ((t >>> 19) ^ (t << 13)) ^ (t >>> 10));
            h += (((f ^ g) & e) ^ g) + (Vector256.Create(k[8]) + Unsafe.Add(ref w, 8)) + (((e >>> 6) ^ (e << 26)) ^ ((e >>> 11) ^ (e << 21)) ^ ((e >>> 25) ^ (e << 7)));
            d += h;
            x = a ^ b;
            h += (((a >>> 2) ^ (a << 30)) ^ ((a >>> 13) ^ (a << 19)) ^ ((a >>> 22) ^ (a << 10))) + (b ^ (y & x));
            (s, t) = (Unsafe.Add(ref w, 9), Unsafe.Add(ref w, 6));
            Unsafe.Add(ref w, 8) += (((s >>> 7) ^ (s << 25)) ^ ((s >>> 18) ^ (s << 14)) ^ (s >>> 3)) + Unsafe.Add(ref w, 1) + (((t >>> 17) ^ (t << 15)) ^ ((t >>> 19) ^ (t << 13)) ^ (t >>> 10));
            g += (((e ^ f) & d) ^ f) + (Vector256.Create(k[9]) + Unsafe.Add(ref w, 9)) + (((d >>> 6) ^ (d << 26)) ^ ((d >>> 11) ^ (d << 21)) ^ ((d >>> 25) ^ (d << 7)));
            c += g;
            y = h ^ a;
            g += (((h >>> 2) ^ (h << 30)) ^ ((h >>> 13) ^ (h << 19)) ^ ((h >>> 22) ^ (h << 10))) + (a ^ (x & y));
            (s, t) = (Unsafe.Add(ref w, 10), Unsafe.Add(ref w, 7));
            Unsafe.Add(ref w, 9) += (((s >>> 7) ^ (s << 25)) ^ ((s >>> 18) ^ (s << 14)) ^ (s >>> 3)) + Unsafe.Add(ref w, 2) + (((t >>> 17) ^ (t << 15)) ^ ((t >>> 19) ^ (t << 13)) ^ (t >>> 10));
            f += (((d ^ e) & c) ^ e) + (Vector256.Create(k[10]) + Unsafe.Add(ref w, 10)) + (((c >>> 6) ^ (c << 26)) ^ ((c >>> 11) ^ (c << 21)) ^ ((c >>> 25) ^ (c << 7)));
            b += f;
            x = g ^ h;
            f += (((g >>> 2) ^ (g << 30)) ^ ((g >>> 13) ^ (g << 19)) ^ ((g >>> 22) ^ (g << 10))) + (h ^ (y & x));
            (s, t) = (Unsafe.Add(ref w, 11), Unsafe.Add(ref w, 8));
            Unsafe.Add(ref w, 10) += (((s >>> 7) ^ (s << 25)) ^ ((s >>> 18) ^ (s << 14)) ^ (s >>> 3)) + Unsafe.Add(ref w, 3) + (((t >>> 17) ^ (t << 15)) ^ ((t >>> 19) ^ (t << 13)) ^ (t >>> 10));
            e += (((c ^ d) & b) ^ d) + (Vector256.Create(k[11]) + Unsafe.Add(ref w, 11)) + (((b >>> 6) ^ (b << 26)) ^ ((b >>> 11) ^ (b << 21)) ^ ((b >>> 25) ^ (b << 7)));
            a += e;
            y = f ^ g;
            e += (((f >>> 2) ^ (f << 30)) ^ ((f >>> 13) ^ (f << 19)) ^ ((f >>> 22) ^ (f << 10))) + (g ^ (x & y));
            (s, t) = (Unsafe.Add(ref w, 12), Unsafe.Add(ref w, 9));
            Unsafe.Add(ref w, 11) += (((s >>> 7) ^ (s << 25)) ^ ((s >>> 18) ^ (s << 14)) ^ (s >>> 3)) + Unsafe.Add(ref w, 4) + (((t >>> 17) ^ (t << 15)) ^ ((t >>> 19) ^ (t << 13)) ^ (t >>> 10));
            d += (((b ^ c) & a) ^ c) + (Vector256.Create(k[12]) + Unsafe.Add(ref w, 12)) + (((a >>> 6) ^ (a << 26)) ^ ((a >>> 11) ^ (a << 21)) ^ ((a >>> 25) ^ (a << 7)));
            h += d;
            x = e ^ f;
            d += (((e >>> 2) ^ (e << 30)) ^ ((e >>> 13) ^ (e << 19)) ^ ((e >>> 22) ^ (e << 10))) + (f ^ (y & x));
            (s, t) = (Unsafe.Add(ref w, 13), Unsafe.Add(ref w, 10));
            Unsafe.Add(ref w, 12) += (((s >>> 7) ^ (s << 25)) ^ ((s >>> 18) ^ (s << 14)) ^ (s >>> 3)) + Unsafe.Add(ref w, 5) + (((t >>> 17) ^ (t << 15)) ^ ((t >>> 19) ^ (t << 13)) ^ (t >>> 10));
            c += (((a ^ b) & h) ^ b) + (Vector256.Create(k[13]) + Unsafe.Add(ref w, 13)) + (((h >>> 6) ^ (h << 26)) ^ ((h >>> 11) ^ (h << 21)) ^ ((h >>> 25) ^ (h << 7)));
            g += c;
            y = d ^ e;
            c += (((d >>> 2) ^ (d << 30)) ^ ((d >>> 13) ^ (d << 19)) ^ ((d >>> 22) ^ (d << 10))) + (e ^ (x & y));
            (s, t) = (Unsafe.Add(ref w, 14), Unsafe.Add(ref w, 11));
            Unsafe.Add(ref w, 13) += (((s >>> 7) ^ (s << 25)) ^ ((s >>> 18) ^ (s << 14)) ^ (s >>> 3)) + Unsafe.Add(ref w, 6) + (((t >>> 17) ^ (t << 15)) ^ ((t >>> 19) ^ (t << 13)) ^ (t >>> 10));
            b += (((h ^ a) & g) ^ a) + (Vector256.Create(k[14]) + Unsafe.Add(ref w, 14)) + (((g >>> 6) ^ (g << 26)) ^ ((g >>> 11) ^ (g << 21)) ^ ((g >>> 25) ^ (g << 7)));
            f += b;
            x = c ^ d;
            b += (((c >>> 2) ^ (c << 30)) ^ ((c >>> 13) ^ (c << 19)) ^ ((c >>> 22) ^ (c << 10))) + (d ^ (y & x));
            (s, t) = (Unsafe.Add(ref w, 15), Unsafe.Add(ref w, 12));
            Unsafe.Add(ref w, 14) += (((s >>> 7) ^ (s << 25)) ^ ((s >>> 18) ^ (s << 14)) ^ (s >>> 3)) + Unsafe.Add(ref w, 7) + (((t >>> 17) ^ (t << 15)) ^ ((t >>> 19) ^ (t << 13)) ^ (t >>> 10));
            a += (((g ^ h) & f) ^ h) + (Vector256.Create(k[15]) + Unsafe.Add(ref w, 15)) + (((f >>> 6) ^ (f << 26)) ^ ((f >>> 11) ^ (f << 21)) ^ ((f >>> 25) ^ (f << 7)));
            e += a;
            y = b ^ c;
            a += (((b >>> 2) ^ (b << 30)) ^ ((b >>> 13) ^ (b << 19)) ^ ((b >>> 22) ^ (b << 10))) + (c ^ (x & y));
            (s, t) = (w, Unsafe.Add(ref w, 13));
            Unsafe.Add(ref w, 15) += (((s >>> 7) ^ (s << 25)) ^ ((s >>> 18) ^ (s << 14)) ^ (s >>> 3)) + Unsafe.Add(ref w, 8) + (((t >>> 17) ^ (t << 15)) ^ ((t >>> 19) ^ (t << 13)) ^ (t >>> 10));
            k = Constants.Slice(past, Words);
        }

        h += (((f ^ g) & e) ^ g) + (Vector256.Create(k[0]) + w) + (((e >>> 6) ^ (e << 26)) ^ ((e >>> 11) ^ (e << 21)) ^ ((e >>> 25) ^ (e << 7)));
        d += h;
        x = a ^ b;
        h += (((a >>> 2) ^ (a << 30)) ^ ((a >>> 13) ^ (a << 19)) ^ ((a >>> 22) ^ (a << 10))) + (b ^ (y & x));
        g += (((e ^ f) & d) ^ f) + (Vector256.Create(k[1]) + Unsafe.Add(ref w, 1)) + (((d >>> 6) ^ (d << 26)) ^ ((d >>> 11) ^ (d << 21)) ^ ((d >>> 25) ^ (d << 7)));
        c += g;
        y = h ^ a;
        g += (((h >>> 2) ^ (h << 30)) ^ ((h >>> 13) ^ (h << 19)) ^ ((h >>> 22) ^ (h << 10))) + (a ^ (x & y));
        f += (((d ^ e) & c) ^ e) + (Vector256.Create(k[2]) + Unsafe.Add(ref w, 2)) + (((c >>> 6) ^ (c << 26)) ^ ((c >>> 11) ^ (c << 21)) ^ ((c >>> 25) ^ (c << 7)));
        b += f;
        x = g ^ h;
        f += (((g >>> 2) ^ (g << 30)) ^ ((g >>> 13) ^ (g << 19)) ^ ((g >>> 22) ^ (g << 10))) + (h ^ (y & x));
        e += (((c ^ d) & b) ^ d) + (Vector256.Create(k[3]) + Unsafe.Add(ref w, 3)) + (((b >>> 6) ^ (b << 26)) ^ ((b >>> 11) ^ (b << 21)) ^ ((b >>> 25) ^ (b << 7)));
        a += e;
        y = f ^ g;
        e += (((f >>> 2) ^ (f << 30)) ^ ((f >>> 13) ^ (f << 19)) ^ ((f >>> 22) ^ (f << 10))) + (g ^ (x & y));
        d += (((b ^ c) & a) ^ c) + (Vector256.Create(k[4]) + Unsafe.Add(ref w, 4)) + (((a >>> 6) ^ (a << 26)) ^ ((a >>> 11) ^ (a << 21)) ^ ((a >>> 25) ^ (a << 7)));
        h += d;
        x = e ^ f;
        d += (((e >>> 2) ^ (e << 30)) ^ ((e >>> 13) ^ (e << 19)) ^ ((e >>> 22) ^ (e << 10))) + (f ^ (y & x));
        c += (((a ^ b) & h) ^ b) + (Vector256.Create(k[5]) + Unsafe.Add(ref w, 5)) + (((h >>> 6) ^ (h << 26)) ^ ((h >>> 11) ^ (h << 21)) ^ ((h >>> 25) ^ (h << 7)));
        g += c;
        y = d ^ e;
        c += (((d >>> 2) ^ (d << 30)) ^ ((d >>> 13) ^ (d << 19)) ^ ((d >>> 22) ^ (d << 10))) + (e ^ (x & y));
        b += (((h ^ a) & g) ^ a) + (Vector256.Create(k[6]) + Unsafe.Add(ref w, 6)) + (((g >>> 6) ^ (g << 26)) ^ ((g >>> 11) ^ (g << 21)) ^ ((g >>> 25) ^ (g << 7)));
        f += b;
        x = c ^ d;
        b += (((c >>> 2) ^ (c << 30)) ^ ((c >>> 13) ^ (c << 19)) ^ ((c >>> 22) ^ (c << 10))) + (d ^ (y & x));
        a += (((g ^ h) & f) ^ h) + (Vector256.Create(k[7]) + Unsafe.Add(ref w, 7)) + (((f >>> 6) ^ (f << 26)) ^ ((f >>> 11) ^ (f << 21)) ^ ((f >>> 25) ^ (f << 7)));
        e += a;
        y = b ^ c;
        a += (((b >>> 2) ^ (b << 30)) ^ ((b >>> 13) ^ (b << 19)) ^ ((b >>> 22) ^ (b << 10))) + (c ^ (x & y));
        h += (((f ^ g) & e) ^ g) + (Vector256.Create(k[8]) + Unsafe.Add(ref w, 8)) + (((e >>> 6) ^ (e << 26)) ^ ((e >>> 11) ^ (e << 21)) ^ ((e >>> 25) ^ (e << 7)));
        d += h;
        x = a ^ b;
        h += (((a >>> 2) ^ (a << 30)) ^ ((a >>> 13) ^ (a << 19)) ^ ((a >>> 22) ^ (a << 10))) + (b ^ (y & x));
        g += (((e ^ f) & d) ^ f) + (Vector256.Create(k[9]) + Unsafe.Add(ref w, 9)) + (((d >>> 6) ^ (d << 26)) ^ ((d >>> 11) ^ (d << 21)) ^ ((d >>> 25) ^ (d << 7)));
        c += g;
        y = h ^ a;
        g += (((h >>> 2) ^ (h << 30)) ^ ((h >>> 13) ^ (h << 19)) ^ ((h >>> 22) ^ (h << 10))) + (a ^ (x & y));
        f += (((d ^ e) & c) ^ e) + (Vector256.Create(k[10]) + Unsafe.Add(ref w, 10)) + (((c >>> 6) ^ (c << 26)) ^ ((c >>> 11) ^ (c << 21)) ^ ((c >>> 25) ^ (c << 7)));
        b += f;
        x = g ^ h;
        f += (((g >>> 2) ^ (g << 30)) ^ ((g >>> 13) ^ (g << 19)) ^ ((g >>> 22) ^ (g << 10))) + (h ^ (y & x));
        e += (((c ^ d) & b) ^ d) + (Vector256.Create(k[11]) + Unsafe.Add(ref w, 11)) + (((b >>> 6) ^ (b << 26)) ^ ((b >>> 11) ^ (b << 21)) ^ ((b >>> 25) ^ (b << 7)));
        a += e;
        y = f ^ g;
        e += (((f >>> 2) ^ (f << 30)) ^ ((f >>> 13) ^ (f << 19)) ^ ((f >>> 22) ^ (f << 10))) + (g ^ (x & y));
        d += (((b ^ c) & a) ^ c) + (Vector256.Create(k[12]) + Unsafe.Add(ref w, 12)) + (((a >>> 6) ^ (a << 26)) ^ ((a >>> 11) ^ (a << 21)) ^ ((a >>> 25) ^ (a << 7)));
        h += d;
        x = e ^ f;
        d += (((e >>> 2) ^ (e << 30)) ^ ((e >>> 13) ^ (e << 19)) ^ ((e >>> 22) ^ (e << 10))) + (f ^ (y & x));
        c += (((a ^ b) & h) ^ b) + (Vector256.Create(k[13]) + Unsafe.Add(ref w, 13)) + (((h >>> 6) ^ (h << 26)) ^ ((h >>> 11) ^ (h << 21)) ^ ((h >>> 25) ^ (h << 7)));
        g += c;
        y = d ^ e;
        c += (((d >>> 2) ^ (d << 30)) ^ ((d >>> 13) ^ (d << 19)) ^ ((d >>> 22) ^ (d << 10))) + (e ^ (x & y));
        b += (((h ^ a) & g) ^ a) + (Vector256.Create(k[14]) + Unsafe.Add(ref w, 14)) + (((g >>> 6) ^ (g << 26)) ^ ((g >>> 11) ^ (g << 21)) ^ ((g >>> 25) ^ (g << 7)));
        f += b;
        x = c ^ d;
        b += (((c >>> 2) ^ (c << 30)) ^ ((c >>> 13) ^ (c << 19)) ^ ((c >>> 22) ^ (c << 10))) + (d ^ (y & x));
        a += (((g ^ h) & f) ^ h) + (Vector256.Create(k[15]) + Unsafe.Add(ref w, 15)) + (((f >>> 6) ^ (f << 26)) ^ ((f >>> 11) ^ (f << 21)) ^ ((f >>> 25) ^ (f << 7)));
        e += a;
        y = b ^ c;
        a += (((b >>> 2) ^ (b << 30)) ^ ((b >>> 13) ^ (b << 19)) ^ ((b >>> 22) ^ (b << 10))) + (c ^ (x & y));

        (a + Row(state, 0)).CopyTo(state);
        (b + Row(state, 1)).CopyTo(state[8..]);
        (c + Row(state, 2)).CopyTo(state[16..]);
        (d + Row(state, 3)).CopyTo(state[24..]);
        (e + Row(state, 4)).CopyTo(state[32..]);
        (f + Row(state, 5)).CopyTo(state[40..]);
        (g + Row(state, 6)).CopyTo(state[48..]);
        (h + Row(state, 7)).CopyTo(state[56..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Row(Span<uint> state, int row) => Vector256.Create<uint>(state.Slice(row * Lanes, Lanes));
}
