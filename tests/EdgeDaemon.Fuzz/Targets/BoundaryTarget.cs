using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using EdgeDaemon.Core.Smoothing.Boundaries;

namespace EdgeDaemon.Fuzz.Targets;

/// <summary>
/// Cached boundary tables. A case is a table's body: it is judged with its right digest behind it, since no mutation would ever find that. The oracle computes the error by itself, so that a table above its alpha that
/// is accepted is a finding.
/// </summary>
internal sealed class BoundaryTarget : FuzzTarget
{
    public override string Name => "boundary";

    public override string Oracle => "boundary.py";

    public override IReadOnlyList<byte[]> Dictionary { get; } =
    [
        "EDGEBND1"u8.ToArray(),
        .. new[] { 0.0, -0.0, 0.5, 0.6, 0.8413447460685429, 0.9999999999999999, 1.0, 0.1, 0.001, 1e-9, 9.9e-10, 5e-324, double.NaN, double.PositiveInfinity, -1.0 }.Select(BitConverter.GetBytes),
        .. new[] { 0, 1, 2, 3, 9, 10, 20, 50, 100, 1000, 1_000_000, 1_000_001, int.MaxValue, int.MinValue, -1 }.Select(BitConverter.GetBytes),
    ];

    public override string Judge(ReadOnlySpan<byte> input)
    {
        byte[] file = [.. input, .. SHA256.HashData(input)];
        BoundaryTable table;
        try
        {
            table = BoundaryTable.Read(file);
        }
        catch (BoundaryException)
        {
            return "reject";
        }

        if (!table.ToFile().AsSpan().SequenceEqual(file) || !table.Digest.SequenceEqual(file.AsSpan(input.Length)))
        {
            throw new InvalidOperationException("what was read is written as something else");
        }

        // A bit of the digest, and it is damaged: whoever reads it anyway reads what nobody made.
        file[^1] ^= 1;
        try
        {
            BoundaryTable.Read(file);
            throw new InvalidOperationException("a table with another digest was read");
        }
        catch (BoundaryException)
        {
        }

        BoundaryParameters parameters = table.Parameters;
        var text = new System.Text.StringBuilder("accept ");
        text.Append(CultureInfo.InvariantCulture, $"{Bits(parameters.P0)} {Bits(parameters.Alpha)} {Bits(parameters.Beta)}");
        for (int i = 0; i < table.Looks.Count; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $" {table.Looks[i]},{table.Up[i]},{table.Down[i]}");
        }

        return text.ToString();
    }

    private static string Bits(double value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleBigEndian(bytes, value);
        return Convert.ToHexStringLower(bytes);
    }
}
