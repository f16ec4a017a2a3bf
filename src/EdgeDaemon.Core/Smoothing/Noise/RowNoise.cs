using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace EdgeDaemon.Core.Smoothing.Noise;

/// <summary>
/// Gaussian noise of one sigma for inputs of one type: writes input + noise into a row of the batch tensor. What it writes depends on the key, the
/// sample's number, the element's index and the input alone: rows and parts of rows may be drawn in any order, on any thread, by any instruction
/// set, and again years later. The law is in README.md. Immutable; shared by all threads.
/// </summary>
public abstract class RowNoise
{
    /// <summary>What a certificate names: generator, key derivation, and the law that turns bits into values. Changes whenever one bit would.</summary>
    public const string Version = "edged-noise-1";

    /// <summary>Parts of a row start at multiples of this many elements.</summary>
    public const int PartElements = 64;

    // Few: one for each sigma of each served model.
    private static readonly ConcurrentDictionary<(NoiseScale Scale, bool Floats), RowNoise> Known = new();

    private protected RowNoise(NoiseScale scale)
    {
        if (!(float.IsFinite(scale.Divisor) && scale.Divisor > 0))
        {
            throw new ArgumentException($"noise needs a divisor above 0, not {scale.Divisor}", nameof(scale));
        }

        Scale = scale;
    }

    /// <summary>Sigma, and the units in which it counts.</summary>
    public NoiseScale Scale { get; }

    /// <summary>Bytes of one input element as the caller sent it: 1 (UINT8) or 4 (FP32).</summary>
    public abstract int ElementSize { get; }

    /// <summary>The grid's step in the caller's units: every noisy value, times the divisor, is a whole number of these.</summary>
    public abstract float Step { get; }

    /// <summary>
    /// The integers that the law is made of: entry m is floor(2^64 Phi((m + 1/2) Step / sigma)), up to the first 2^64 - 1 or to saturation.
    /// An independent script derives the same.
    /// </summary>
    public abstract ImmutableArray<ulong> Thresholds { get; }

    /// <summary>Noise for UINT8 inputs, exact on the grid of the 256 values. From a cache; the first call for a scale takes some 20 ms.</summary>
    /// <exception cref="ArgumentException">A sigma that is out of range: the text says what is in it.</exception>
    public static RowNoise ForBytes(NoiseScale scale) => Known.GetOrAdd((scale, false), known => new ByteNoise(known.Scale));

    /// <summary>Noise for FP32 inputs: the sum of input and Gaussian is rounded once, to a grid of steps between sigma/128 and sigma/64.</summary>
    /// <exception cref="ArgumentException">A sigma that is out of range: the text says what is in it.</exception>
    public static RowNoise ForFloats(NoiseScale scale) => Known.GetOrAdd((scale, true), known => new FloatNoise(known.Scale));

    /// <summary>True when every element is finite and near enough for its sum with noise to be exact. Asked once for each input; others are refused.</summary>
    /// <param name="input">The whole input as the caller sent it.</param>
    public abstract bool Accepts(ReadOnlySpan<byte> input);

    /// <summary>Writes the noisy input of one sample, as the model is given it: (input + noise) / divisor.</summary>
    /// <param name="key">Of the input.</param>
    /// <param name="sample">Its number. Samples that choose a class and samples that certify it have different numbers (rule S3).</param>
    /// <param name="first">Index in the whole input of the first element given here: a multiple of <see cref="PartElements"/>.</param>
    /// <param name="input">The caller's bytes from that element on, accepted by <see cref="Accepts"/>.</param>
    /// <param name="row">As many elements, each written.</param>
    /// <returns>
    /// False: an element's draw was too near a threshold to be known (about once in 2^35 samples of an ImageNet size). The row is whole, but the
    /// sample must count as "not the class", whatever the model says to it: then no outcome is likelier than under exact noise.
    /// </returns>
    public bool TryAdd(NoiseKey key, ulong sample, uint first, ReadOnlySpan<byte> input, Span<float> row) =>
        TryAdd(NoisePaths.Widest, key, sample, first, input, row);

    /// <summary>The same by a path that is named: for the checks that all write the same.</summary>
    /// <exception cref="PlatformNotSupportedException">This executable has no such path here.</exception>
    public bool TryAddBy(NoisePath path, NoiseKey key, ulong sample, uint first, ReadOnlySpan<byte> input, Span<float> row) => NoisePaths.IsSupported(path)
        ? TryAdd(path, key, sample, first, input, row)
        : throw new PlatformNotSupportedException($"no {path} instructions here");

    internal abstract bool TryAdd(NoisePath path, NoiseKey key, ulong sample, uint first, ReadOnlySpan<byte> input, Span<float> row);

    private protected void Check(uint first, int bytes, int elements)
    {
        if (first % PartElements != 0 || bytes != (long)elements * ElementSize)
        {
            throw new ArgumentException($"{bytes} bytes for {elements} elements from element {first} on: a part starts at a multiple of {PartElements}, an element has {ElementSize} bytes");
        }
    }
}
