using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeDaemon.Core.Audit.Tree;

/// <summary>
/// <see cref="Sha256Lanes"/> for sixteen blocks, with AVX-512: its rotations and its functions of three inputs are one instruction each.
/// </summary>
internal static class Sha256WideLanes
{
    public const int Lanes = 16;

    // Truth tables of functions of three bits: bit 4x + 2y + z.
    private const byte Xor = 0x96;
    private const byte Choose = 0xCA;
    private const byte Majority = 0xE8;

    public static bool IsSupported => Avx512F.IsSupported;

    /// <param name="state">Eight words of sixteen lanes.</param>
    /// <param name="words">The sixteen words of the first eight lanes, then of the others.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compress(Span<uint> state, ReadOnlySpan<Vector256<uint>> words)
    {
        Vector512<uint> a = Row(state, 0);
        Vector512<uint> b = Row(state, 1);
        Vector512<uint> c = Row(state, 2);
        Vector512<uint> d = Row(state, 3);
        Vector512<uint> e = Row(state, 4);
        Vector512<uint> f = Row(state, 5);
        Vector512<uint> g = Row(state, 6);
        Vector512<uint> h = Row(state, 7);
        Vector512<uint> w0 = Vector512.Create(words[0], words[16]);
        Vector512<uint> w1 = Vector512.Create(words[1], words[17]);
        Vector512<uint> w2 = Vector512.Create(words[2], words[18]);
        Vector512<uint> w3 = Vector512.Create(words[3], words[19]);
        Vector512<uint> w4 = Vector512.Create(words[4], words[20]);
        Vector512<uint> w5 = Vector512.Create(words[5], words[21]);
        Vector512<uint> w6 = Vector512.Create(words[6], words[22]);
        Vector512<uint> w7 = Vector512.Create(words[7], words[23]);
        Vector512<uint> w8 = Vector512.Create(words[8], words[24]);
        Vector512<uint> w9 = Vector512.Create(words[9], words[25]);
        Vector512<uint> w10 = Vector512.Create(words[10], words[26]);
        Vector512<uint> w11 = Vector512.Create(words[11], words[27]);
        Vector512<uint> w12 = Vector512.Create(words[12], words[28]);
        Vector512<uint> w13 = Vector512.Create(words[13], words[29]);
        Vector512<uint> w14 = Vector512.Create(words[14], words[30]);
        Vector512<uint> w15 = Vector512.Create(words[15], words[31]);
        ReadOnlySpan<uint> k = Sha256Lanes.Constants[..16];
        for (int past = 16; past < 64; past += 16)
        {
            h += Avx512F.TernaryLogic(Avx512F.RotateRight(e, 6), Avx512F.RotateRight(e, 11), Avx512F.RotateRight(e, 25), Xor) + Avx512F.TernaryLogic(e, f, g, Choose) + Vector512.Create(k[0]) + w0;
            d += h;
            h += Avx512F.TernaryLogic(Avx512F.RotateRight(a, 2), Avx512F.RotateRight(a, 13), Avx512F.RotateRight(a, 22), Xor) + Avx512F.TernaryLogic(a, b, c, Majority);
            w0 += Avx512F.TernaryLogic(Avx512F.RotateRight(w1, 7), Avx512F.RotateRight(w1, 18), w1 >>> 3, Xor) + w9 + Avx512F.TernaryLogic(Avx512F.RotateRight(w14, 17), Avx512F.RotateRight(w14, 19), w14 >>> 10, Xor);
            g += Avx512F.TernaryLogic(Avx512F.RotateRight(d, 6), Avx512F.RotateRight(d, 11), Avx512F.RotateRight(d, 25), Xor) + Avx512F.TernaryLogic(d, e, f, Choose) + Vector512.Create(k[1]) + w1;
            c += g;
            g += Avx512F.TernaryLogic(Avx512F.RotateRight(h, 2), Avx512F.RotateRight(h, 13), Avx512F.RotateRight(h, 22), Xor) + Avx512F.TernaryLogic(h, a, b, Majority);
            w1 += Avx512F.TernaryLogic(Avx512F.RotateRight(w2, 7), Avx512F.RotateRight(w2, 18), w2 >>> 3, Xor) + w10 + Avx512F.TernaryLogic(Avx512F.RotateRight(w15, 17), Avx512F.RotateRight(w15, 19), w15 >>> 10, Xor);
            f += Avx512F.TernaryLogic(Avx512F.RotateRight(c, 6), Avx512F.RotateRight(c, 11), Avx512F.RotateRight(c, 25), Xor) + Avx512F.TernaryLogic(c, d, e, Choose) + Vector512.Create(k[2]) + w2;
            b += f;
            f += Avx512F.TernaryLogic(Avx512F.RotateRight(g, 2), Avx512F.RotateRight(g, 13), Avx512F.RotateRight(g, 22), Xor) + Avx512F.TernaryLogic(g, h, a, Majority);
            w2 += Avx512F.TernaryLogic(Avx512F.RotateRight(w3, 7), Avx512F.RotateRight(w3, 18), w3 >>> 3, Xor) + w11 + Avx512F.TernaryLogic(Avx512F.RotateRight(w0, 17), Avx512F.RotateRight(w0, 19), w0 >>> 10, Xor);
            e += Avx512F.TernaryLogic(Avx512F.RotateRight(b, 6), Avx512F.RotateRight(b, 11), Avx512F.RotateRight(b, 25), Xor) + Avx512F.TernaryLogic(b, c, d, Choose) + Vector512.Create(k[3]) + w3;
            a += e;
            e += Avx512F.TernaryLogic(Avx512F.RotateRight(f, 2), Avx512F.RotateRight(f, 13), Avx512F.RotateRight(f, 22), Xor) + Avx512F.TernaryLogic(f, g, h, Majority);
            w3 += Avx512F.TernaryLogic(Avx512F.RotateRight(w4, 7), Avx512F.RotateRight(w4, 18), w4 >>> 3, Xor) + w12 + Avx512F.TernaryLogic(Avx512F.RotateRight(w1, 17), Avx512F.RotateRight(w1, 19), w1 >>> 10, Xor);
            d += Avx512F.TernaryLogic(Avx512F.RotateRight(a, 6), Avx512F.RotateRight(a, 11), Avx512F.RotateRight(a, 25), Xor) + Avx512F.TernaryLogic(a, b, c, Choose) + Vector512.Create(k[4]) + w4;
            h += d;
            d += Avx512F.TernaryLogic(Avx512F.RotateRight(e, 2), Avx512F.RotateRight(e, 13), Avx512F.RotateRight(e, 22), Xor) + Avx512F.TernaryLogic(e, f, g, Majority);
            w4 += Avx512F.TernaryLogic(Avx512F.RotateRight(w5, 7), Avx512F.RotateRight(w5, 18), w5 >>> 3, Xor) + w13 + Avx512F.TernaryLogic(Avx512F.RotateRight(w2, 17), Avx512F.RotateRight(w2, 19), w2 >>> 10, Xor);
            c += Avx512F.TernaryLogic(Avx512F.RotateRight(h, 6), Avx512F.RotateRight(h, 11), Avx512F.RotateRight(h, 25), Xor) + Avx512F.TernaryLogic(h, a, b, Choose) + Vector512.Create(k[5]) + w5;
            g += c;
            c += Avx512F.TernaryLogic(Avx512F.RotateRight(d, 2), Avx512F.RotateRight(d, 13), Avx512F.RotateRight(d, 22), Xor) + Avx512F.TernaryLogic(d, e, f, Majority);
            w5 += Avx512F.TernaryLogic(Avx512F.RotateRight(w6, 7), Avx512F.RotateRight(w6, 18), w6 >>> 3, Xor) + w14 + Avx512F.TernaryLogic(Avx512F.RotateRight(w3, 17), Avx512F.RotateRight(w3, 19), w3 >>> 10, Xor);
            b += Avx512F.TernaryLogic(Avx512F.RotateRight(g, 6), Avx512F.RotateRight(g, 11), Avx512F.RotateRight(g, 25), Xor) + Avx512F.TernaryLogic(g, h, a, Choose) + Vector512.Create(k[6]) + w6;
            f += b;
            b += Avx512F.TernaryLogic(Avx512F.RotateRight(c, 2), Avx512F.RotateRight(c, 13), Avx512F.RotateRight(c, 22), Xor) + Avx512F.TernaryLogic(c, d, e, Majority);
            w6 += Avx512F.TernaryLogic(Avx512F.RotateRight(w7, 7), Avx512F.RotateRight(w7, 18), w7 >>> 3, Xor) + w15 + Avx512F.TernaryLogic(Avx512F.RotateRight(w4, 17), Avx512F.RotateRight(w4, 19), w4 >>> 10, Xor);
            a += Avx512F.TernaryLogic(Avx512F.RotateRight(f, 6), Avx512F.RotateRight(f, 11), Avx512F.RotateRight(f, 25), Xor) + Avx512F.TernaryLogic(f, g, h, Choose) + Vector512.Create(k[7]) + w7;
            e += a;
            a += Avx512F.TernaryLogic(Avx512F.RotateRight(b, 2), Avx512F.RotateRight(b, 13), Avx512F.RotateRight(b, 22), Xor) + Avx512F.TernaryLogic(b, c, d, Majority);
            w7 += Avx512F.TernaryLogic(Avx512F.RotateRight(w8, 7), Avx512F.RotateRight(w8, 18), w8 >>> 3, Xor) + w0 + Avx512F.TernaryLogic(Avx512F.RotateRight(w5, 17), Avx512F.RotateRight(w5, 19), w5 >>> 10, Xor);
            h += Avx512F.TernaryLogic(Avx512F.RotateRight(e, 6), Avx512F.RotateRight(e, 11), Avx512F.RotateRight(e, 25), Xor) + Avx512F.TernaryLogic(e, f, g, Choose) + Vector512.Create(k[8]) + w8;
            d += h;
            h += Avx512F.TernaryLogic(Avx512F.RotateRight(a, 2), Avx512F.RotateRight(a, 13), Avx512F.RotateRight(a, 22), Xor) + Avx512F.TernaryLogic(a, b, c, Majority);
            w8 += Avx512F.TernaryLogic(Avx512F.RotateRight(w9, 7), Avx512F.RotateRight(w9, 18), w9 >>> 3, Xor) + w1 + Avx512F.TernaryLogic(Avx512F.RotateRight(w6, 17), Avx512F.RotateRight(w6, 19), w6 >>> 10, Xor);
            g += Avx512F.TernaryLogic(Avx512F.RotateRight(d, 6), Avx512F.RotateRight(d, 11), Avx512F.RotateRight(d, 25), Xor) + Avx512F.TernaryLogic(d, e, f, Choose) + Vector512.Create(k[9]) + w9;
            c += g;
            g += Avx512F.TernaryLogic(Avx512F.RotateRight(h, 2), Avx512F.RotateRight(h, 13), Avx512F.RotateRight(h, 22), Xor) + Avx512F.TernaryLogic(h, a, b, Majority);
            w9 += Avx512F.TernaryLogic(Avx512F.RotateRight(w10, 7), Avx512F.RotateRight(w10, 18), w10 >>> 3, Xor) + w2 + Avx512F.TernaryLogic(Avx512F.RotateRight(w7, 17), Avx512F.RotateRight(w7, 19), w7 >>> 10, Xor);
            f += Avx512F.TernaryLogic(Avx512F.RotateRight(c, 6), Avx512F.RotateRight(c, 11), Avx512F.RotateRight(c, 25), Xor) + Avx512F.TernaryLogic(c, d, e, Choose) + Vector512.Create(k[10]) + w10;
            b += f;
            f += Avx512F.TernaryLogic(Avx512F.RotateRight(g, 2), Avx512F.RotateRight(g, 13), Avx512F.RotateRight(g, 22), Xor) + Avx512F.TernaryLogic(g, h, a, Majority);
            w10 += Avx512F.TernaryLogic(Avx512F.RotateRight(w11, 7), Avx512F.RotateRight(w11, 18), w11 >>> 3, Xor) + w3 + Avx512F.TernaryLogic(Avx512F.RotateRight(w8, 17), Avx512F.RotateRight(w8, 19), w8 >>> 10, Xor);
            e += Avx512F.TernaryLogic(Avx512F.RotateRight(b, 6), Avx512F.RotateRight(b, 11), Avx512F.RotateRight(b, 25), Xor) + Avx512F.TernaryLogic(b, c, d, Choose) + Vector512.Create(k[11]) + w11;
            a += e;
            e += Avx512F.TernaryLogic(Avx512F.RotateRight(f, 2), Avx512F.RotateRight(f, 13), Avx512F.RotateRight(f, 22), Xor) + Avx512F.TernaryLogic(f, g, h, Majority);
            w11 += Avx512F.TernaryLogic(Avx512F.RotateRight(w12, 7), Avx512F.RotateRight(w12, 18), w12 >>> 3, Xor) + w4 + Avx512F.TernaryLogic(Avx512F.RotateRight(w9, 17), Avx512F.RotateRight(w9, 19), w9 >>> 10, Xor);
            d += Avx512F.TernaryLogic(Avx512F.RotateRight(a, 6), Avx512F.RotateRight(a, 11), Avx512F.RotateRight(a, 25), Xor) + Avx512F.TernaryLogic(a, b, c, Choose) + Vector512.Create(k[12]) + w12;
            h += d;
            d += Avx512F.TernaryLogic(Avx512F.RotateRight(e, 2), Avx512F.RotateRight(e, 13), Avx512F.RotateRight(e, 22), Xor) + Avx512F.TernaryLogic(e, f, g, Majority);
            w12 += Avx512F.TernaryLogic(Avx512F.RotateRight(w13, 7), Avx512F.RotateRight(w13, 18), w13 >>> 3, Xor) + w5 + Avx512F.TernaryLogic(Avx512F.RotateRight(w10, 17), Avx512F.RotateRight(w10, 19), w10 >>> 10, Xor);
            c += Avx512F.TernaryLogic(Avx512F.RotateRight(h, 6), Avx512F.RotateRight(h, 11), Avx512F.RotateRight(h, 25), Xor) + Avx512F.TernaryLogic(h, a, b, Choose) + Vector512.Create(k[13]) + w13;
            g += c;
            c += Avx512F.TernaryLogic(Avx512F.RotateRight(d, 2), Avx512F.RotateRight(d, 13), Avx512F.RotateRight(d, 22), Xor) + Avx512F.TernaryLogic(d, e, f, Majority);
            w13 += Avx512F.TernaryLogic(Avx512F.RotateRight(w14, 7), Avx512F.RotateRight(w14, 18), w14 >>> 3, Xor) + w6 + Avx512F.TernaryLogic(Avx512F.RotateRight(w11, 17), Avx512F.RotateRight(w11, 19), w11 >>> 10, Xor);
            b += Avx512F.TernaryLogic(Avx512F.RotateRight(g, 6), Avx512F.RotateRight(g, 11), Avx512F.RotateRight(g, 25), Xor) + Avx512F.TernaryLogic(g, h, a, Choose) + Vector512.Create(k[14]) + w14;
            f += b;
            b += Avx512F.TernaryLogic(Avx512F.RotateRight(c, 2), Avx512F.RotateRight(c, 13), Avx512F.RotateRight(c, 22), Xor) + Avx512F.TernaryLogic(c, d, e, Majority);
            w14 += Avx512F.TernaryLogic(Avx512F.RotateRight(w15, 7), Avx512F.RotateRight(w15, 18), w15 >>> 3, Xor) + w7 + Avx512F.TernaryLogic(Avx512F.RotateRight(w12, 17), Avx512F.RotateRight(w12, 19), w12 >>> 10, Xor);
            a += Avx512F.TernaryLogic(Avx512F.RotateRight(f, 6), Avx512F.RotateRight(f, 11), Avx512F.RotateRight(f, 25), Xor) + Avx512F.TernaryLogic(f, g, h, Choose) + Vector512.Create(k[15]) + w15;
            e += a;
            a += Avx512F.TernaryLogic(Avx512F.RotateRight(b, 2), Avx512F.RotateRight(b, 13), Avx512F.RotateRight(b, 22), Xor) + Avx512F.TernaryLogic(b, c, d, Majority);
            w15 += Avx512F.TernaryLogic(Avx512F.RotateRight(w0, 7), Avx512F.RotateRight(w0, 18), w0 >>> 3, Xor) + w8 + Avx512F.TernaryLogic(Avx512F.RotateRight(w13, 17), Avx512F.RotateRight(w13, 19), w13 >>> 10, Xor);
            k = Sha256Lanes.Constants.Slice(past, 16);
        }

        h += Avx512F.TernaryLogic(Avx512F.RotateRight(e, 6), Avx512F.RotateRight(e, 11), Avx512F.RotateRight(e, 25), Xor) + Avx512F.TernaryLogic(e, f, g, Choose) + Vector512.Create(k[0]) + w0;
        d += h;
        h += Avx512F.TernaryLogic(Avx512F.RotateRight(a, 2), Avx512F.RotateRight(a, 13), Avx512F.RotateRight(a, 22), Xor) + Avx512F.TernaryLogic(a, b, c, Majority);
        g += Avx512F.TernaryLogic(Avx512F.RotateRight(d, 6), Avx512F.RotateRight(d, 11), Avx512F.RotateRight(d, 25), Xor) + Avx512F.TernaryLogic(d, e, f, Choose) + Vector512.Create(k[1]) + w1;
        c += g;
        g += Avx512F.TernaryLogic(Avx512F.RotateRight(h, 2), Avx512F.RotateRight(h, 13), Avx512F.RotateRight(h, 22), Xor) + Avx512F.TernaryLogic(h, a, b, Majority);
        f += Avx512F.TernaryLogic(Avx512F.RotateRight(c, 6), Avx512F.RotateRight(c, 11), Avx512F.RotateRight(c, 25), Xor) + Avx512F.TernaryLogic(c, d, e, Choose) + Vector512.Create(k[2]) + w2;
        b += f;
        f += Avx512F.TernaryLogic(Avx512F.RotateRight(g, 2), Avx512F.RotateRight(g, 13), Avx512F.RotateRight(g, 22), Xor) + Avx512F.TernaryLogic(g, h, a, Majority);
        e += Avx512F.TernaryLogic(Avx512F.RotateRight(b, 6), Avx512F.RotateRight(b, 11), Avx512F.RotateRight(b, 25), Xor) + Avx512F.TernaryLogic(b, c, d, Choose) + Vector512.Create(k[3]) + w3;
        a += e;
        e += Avx512F.TernaryLogic(Avx512F.RotateRight(f, 2), Avx512F.RotateRight(f, 13), Avx512F.RotateRight(f, 22), Xor) + Avx512F.TernaryLogic(f, g, h, Majority);
        d += Avx512F.TernaryLogic(Avx512F.RotateRight(a, 6), Avx512F.RotateRight(a, 11), Avx512F.RotateRight(a, 25), Xor) + Avx512F.TernaryLogic(a, b, c, Choose) + Vector512.Create(k[4]) + w4;
        h += d;
        d += Avx512F.TernaryLogic(Avx512F.RotateRight(e, 2), Avx512F.RotateRight(e, 13), Avx512F.RotateRight(e, 22), Xor) + Avx512F.TernaryLogic(e, f, g, Majority);
        c += Avx512F.TernaryLogic(Avx512F.RotateRight(h, 6), Avx512F.RotateRight(h, 11), Avx512F.RotateRight(h, 25), Xor) + Avx512F.TernaryLogic(h, a, b, Choose) + Vector512.Create(k[5]) + w5;
        g += c;
        c += Avx512F.TernaryLogic(Avx512F.RotateRight(d, 2), Avx512F.RotateRight(d, 13), Avx512F.RotateRight(d, 22), Xor) + Avx512F.TernaryLogic(d, e, f, Majority);
        b += Avx512F.TernaryLogic(Avx512F.RotateRight(g, 6), Avx512F.RotateRight(g, 11), Avx512F.RotateRight(g, 25), Xor) + Avx512F.TernaryLogic(g, h, a, Choose) + Vector512.Create(k[6]) + w6;
        f += b;
        b += Avx512F.TernaryLogic(Avx512F.RotateRight(c, 2), Avx512F.RotateRight(c, 13), Avx512F.RotateRight(c, 22), Xor) + Avx512F.TernaryLogic(c, d, e, Majority);
        a += Avx512F.TernaryLogic(Avx512F.RotateRight(f, 6), Avx512F.RotateRight(f, 11), Avx512F.RotateRight(f, 25), Xor) + Avx512F.TernaryLogic(f, g, h, Choose) + Vector512.Create(k[7]) + w7;
        e += a;
        a += Avx512F.TernaryLogic(Avx512F.RotateRight(b, 2), Avx512F.RotateRight(b, 13), Avx512F.RotateRight(b, 22), Xor) + Avx512F.TernaryLogic(b, c, d, Majority);
        h += Avx512F.TernaryLogic(Avx512F.RotateRight(e, 6), Avx512F.RotateRight(e, 11), Avx512F.RotateRight(e, 25), Xor) + Avx512F.TernaryLogic(e, f, g, Choose) + Vector512.Create(k[8]) + w8;
        d += h;
        h += Avx512F.TernaryLogic(Avx512F.RotateRight(a, 2), Avx512F.RotateRight(a, 13), Avx512F.RotateRight(a, 22), Xor) + Avx512F.TernaryLogic(a, b, c, Majority);
        g += Avx512F.TernaryLogic(Avx512F.RotateRight(d, 6), Avx512F.RotateRight(d, 11), Avx512F.RotateRight(d, 25), Xor) + Avx512F.TernaryLogic(d, e, f, Choose) + Vector512.Create(k[9]) + w9;
        c += g;
        g += Avx512F.TernaryLogic(Avx512F.RotateRight(h, 2), Avx512F.RotateRight(h, 13), Avx512F.RotateRight(h, 22), Xor) + Avx512F.TernaryLogic(h, a, b, Majority);
        f += Avx512F.TernaryLogic(Avx512F.RotateRight(c, 6), Avx512F.RotateRight(c, 11), Avx512F.RotateRight(c, 25), Xor) + Avx512F.TernaryLogic(c, d, e, Choose) + Vector512.Create(k[10]) + w10;
        b += f;
        f += Avx512F.TernaryLogic(Avx512F.RotateRight(g, 2), Avx512F.RotateRight(g, 13), Avx512F.RotateRight(g, 22), Xor) + Avx512F.TernaryLogic(g, h, a, Majority);
        e += Avx512F.TernaryLogic(Avx512F.RotateRight(b, 6), Avx512F.RotateRight(b, 11), Avx512F.RotateRight(b, 25), Xor) + Avx512F.TernaryLogic(b, c, d, Choose) + Vector512.Create(k[11]) + w11;
        a += e;
        e += Avx512F.TernaryLogic(Avx512F.RotateRight(f, 2), Avx512F.RotateRight(f, 13), Avx512F.RotateRight(f, 22), Xor) + Avx512F.TernaryLogic(f, g, h, Majority);
        d += Avx512F.TernaryLogic(Avx512F.RotateRight(a, 6), Avx512F.RotateRight(a, 11), Avx512F.RotateRight(a, 25), Xor) + Avx512F.TernaryLogic(a, b, c, Choose) + Vector512.Create(k[12]) + w12;
        h += d;
        d += Avx512F.TernaryLogic(Avx512F.RotateRight(e, 2), Avx512F.RotateRight(e, 13), Avx512F.RotateRight(e, 22), Xor) + Avx512F.TernaryLogic(e, f, g, Majority);
        c += Avx512F.TernaryLogic(Avx512F.RotateRight(h, 6), Avx512F.RotateRight(h, 11), Avx512F.RotateRight(h, 25), Xor) + Avx512F.TernaryLogic(h, a, b, Choose) + Vector512.Create(k[13]) + w13;
        g += c;
        c += Avx512F.TernaryLogic(Avx512F.RotateRight(d, 2), Avx512F.RotateRight(d, 13), Avx512F.RotateRight(d, 22), Xor) + Avx512F.TernaryLogic(d, e, f, Majority);
        b += Avx512F.TernaryLogic(Avx512F.RotateRight(g, 6), Avx512F.RotateRight(g, 11), Avx512F.RotateRight(g, 25), Xor) + Avx512F.TernaryLogic(g, h, a, Choose) + Vector512.Create(k[14]) + w14;
        f += b;
        b += Avx512F.TernaryLogic(Avx512F.RotateRight(c, 2), Avx512F.RotateRight(c, 13), Avx512F.RotateRight(c, 22), Xor) + Avx512F.TernaryLogic(c, d, e, Majority);
        a += Avx512F.TernaryLogic(Avx512F.RotateRight(f, 6), Avx512F.RotateRight(f, 11), Avx512F.RotateRight(f, 25), Xor) + Avx512F.TernaryLogic(f, g, h, Choose) + Vector512.Create(k[15]) + w15;
        e += a;
        a += Avx512F.TernaryLogic(Avx512F.RotateRight(b, 2), Avx512F.RotateRight(b, 13), Avx512F.RotateRight(b, 22), Xor) + Avx512F.TernaryLogic(b, c, d, Majority);

        (a + Row(state, 0)).CopyTo(state);
        (b + Row(state, 1)).CopyTo(state[16..]);
        (c + Row(state, 2)).CopyTo(state[32..]);
        (d + Row(state, 3)).CopyTo(state[48..]);
        (e + Row(state, 4)).CopyTo(state[64..]);
        (f + Row(state, 5)).CopyTo(state[80..]);
        (g + Row(state, 6)).CopyTo(state[96..]);
        (h + Row(state, 7)).CopyTo(state[112..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Row(Span<uint> state, int row) => Vector512.Create<uint>(state.Slice(row * Lanes, Lanes));
}
