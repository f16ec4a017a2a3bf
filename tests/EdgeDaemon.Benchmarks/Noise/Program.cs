using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using EdgeDaemon.Core.Smoothing.Noise;

// bench-noise [SECONDS]: rows of 3x32x32 with noise, one thread, as they go into a batch. One line for each kind, sigma and path: noisy elements in a second of
// the processor's time, in billions. Every row is another sample, so nothing is drawn twice.
double seconds = args.Length > 0 ? double.Parse(args[0], CultureInfo.InvariantCulture) : 0.2;
const int Elements = 3 * 32 * 32;
var row = new float[Elements];
using var seed = new NoiseSeed();
NoiseKey key = seed.Key(0);
ReadOnlySpan<NoisePath> paths = [NoisePath.Scalar, NoisePath.Vector256, NoisePath.Vector512];
foreach (double sigma in (double[])[0.25, 0.5, 1])
{
    foreach (RowNoise noise in (RowNoise[])[RowNoise.ForBytes(new(sigma, 255)), RowNoise.ForFloats(new(sigma, 1))])
    {
        byte[] input = new byte[Elements * noise.ElementSize];
        Random.Shared.NextBytes(input);
        if (noise.ElementSize == sizeof(float))
        {
            foreach (ref float value in MemoryMarshal.Cast<byte, float>(input.AsSpan()))
            {
                value = Random.Shared.NextSingle();
            }
        }

        foreach (NoisePath path in paths)
        {
            if (NoisePaths.IsSupported(path))
            {
                string kind = noise.ElementSize == 1 ? "bytes" : "floats";
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kind} {sigma} {path} {Rate(noise, path, input):F4}{(path == NoisePaths.Widest ? " used" : "")}"));
            }
        }
    }
}

double Rate(RowNoise noise, NoisePath path, byte[] input)
{
    ulong sample = 0;
    for (; sample < 50; sample++)
    {
        noise.TryAddBy(path, key, sample, 0, input, row);
    }

    // Processor time: what others take of the machine does not count against it.
    long start = Stopwatch.GetTimestamp();
    TimeSpan before = Environment.CpuUsage.TotalTime;
    ulong first = sample;
    do
    {
        for (int i = 0; i < 32; i++)
        {
            noise.TryAddBy(path, key, sample++, 0, input, row);
        }
    }
    while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds);
    return (sample - first) * Elements / (Environment.CpuUsage.TotalTime - before).TotalSeconds / 1e9;
}
