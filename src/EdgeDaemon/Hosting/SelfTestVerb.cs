using System.Globalization;
using System.Runtime.InteropServices;
using EdgeDaemon.Core.Smoothing.Noise;

namespace EdgeDaemon.Hosting;

/// <summary>
/// <c>edged selftest</c>: this executable's noise on this processor. One digest for each set of instructions that it was compiled with and the processor has, so
/// that executables and machines can be compared; then the checks that go before every certificate.
/// </summary>
internal static class SelfTestVerb
{
    // The digits models' sigmas, as bytes and as floats; a sigma that is no binary fraction, and a divisor.
    private static readonly (string Kind, NoiseScale Scale)[] Scales =
    [
        ("bytes", new(0.25, 255)), ("bytes", new(1, 255)), ("floats", new(0.25, 1)), ("floats", new(0.3, 1)), ("floats", new(0.5, 3)),
    ];

    public static int Execute(TextWriter output, TextWriter errors)
    {
        output.WriteLine($"sampler    {RowNoise.Version}");
        output.WriteLine($"processor  {RuntimeInformation.ProcessArchitecture}");
        output.WriteLine($"uses       {NoisePaths.Widest}");
        bool good = true;
        foreach ((string kind, NoiseScale scale) in Scales)
        {
            RowNoise noise = kind == "bytes" ? RowNoise.ForBytes(scale) : RowNoise.ForFloats(scale);
            string name = string.Create(CultureInfo.InvariantCulture, $"{kind} {scale.Sigma} {scale.Divisor}");
            ReadOnlySpan<NoisePath> paths = [NoisePath.Scalar, NoisePath.Vector256, NoisePath.Vector512];
            foreach (NoisePath path in paths)
            {
                output.WriteLine($"{name,-16} {path,-10} {(NoisePaths.IsSupported(path) ? NoiseDigest.Of(noise, path) : "not in this executable, or not on this processor")}");
            }

            if (NoiseSelfTest.Run(noise) is { } fault)
            {
                errors.WriteLine($"edged: {name}: {fault}. Certify nothing with this executable on this processor.");
                good = false;
            }
        }

        output.WriteLine(good ? "passed" : "failed");
        return good ? 0 : 1;
    }
}
