using System.Buffers.Binary;
using System.Security.Cryptography;

namespace EdgeDaemon.Core.Smoothing.Boundaries;

/// <summary>
/// When to certify and when to give up, as whole numbers: at look i, with A agreements among N = Looks[i] samples, certify when A >= Up[i], give up when
/// N - A >= Down[i]. The integers are the rule; how they were found is of no account. Their exact error is computed anew whenever a table is made or
/// read, so that no cache file and no builder has to be believed.
/// </summary>
public sealed class BoundaryTable
{
    /// <summary>An entry that no count reaches: nothing is decided at this look.</summary>
    public const int Never = int.MaxValue;

    private static ReadOnlySpan<byte> Magic => "EDGEBND1"u8;

    private const int HeadLength = 8 + (3 * 8) + 4;
    private const int DigestLength = 32;

    private readonly int[] _up;
    private readonly int[] _down;
    private readonly byte[] _digest;

    /// <exception cref="BoundaryException">The table's exact error is above alpha, or an entry makes no sense.</exception>
    public BoundaryTable(BoundaryParameters parameters, ReadOnlySpan<int> up, ReadOnlySpan<int> down, CancellationToken cancellation = default)
    {
        Parameters = parameters.Checked();
        LookSchedule looks = parameters.Looks;
        if (up.Length != looks.Count || down.Length != looks.Count)
        {
            throw new BoundaryException($"{looks.Count} looks have {up.Length} and {down.Length} entries; there is one of each for each look");
        }

        for (int i = 0; i < up.Length; i++)
        {
            if (up[i] < 1 || (up[i] > looks[i] && up[i] != Never) || down[i] < 1 || (down[i] > looks[i] && down[i] != Never))
            {
                throw new BoundaryException($"after {looks[i]} samples nobody can count {up[i]} or {down[i]}");
            }
        }

        _up = up.ToArray();
        _down = down.ToArray();
        CertifyError = ExactError.Of(parameters.P0, looks, _up, cancellation);
        if (!(CertifyError <= parameters.Alpha))
        {
            throw new BoundaryException($"this table certifies wrongly with probability {CertifyError:g6}, not at most {parameters.Alpha}");
        }

        FutilityError = ExactError.Of(1 - parameters.P0, looks, _down, cancellation);
        _digest = SHA256.HashData(Body());
    }

    public BoundaryParameters Parameters { get; }

    public LookSchedule Looks => Parameters.Looks;

    /// <summary>Agreements at which look i certifies, or <see cref="Never"/>.</summary>
    public ReadOnlySpan<int> Up => _up;

    /// <summary>Disagreements at which look i gives up, or <see cref="Never"/>.</summary>
    public ReadOnlySpan<int> Down => _down;

    /// <summary>Proven: the probability of certifying when the class's probability is P0 or less is at most this.</summary>
    public double CertifyError { get; }

    /// <summary>The probability of giving up when the class's probability is P0 or more is at most this.</summary>
    public double FutilityError { get; }

    /// <summary>SHA-256 of <see cref="Body"/>: 32 bytes that certificates name.</summary>
    public ReadOnlySpan<byte> Digest => _digest;

    /// <summary>
    /// Parameters and integers, little-endian: "EDGEBND1", P0, alpha and beta as IEEE 754 doubles, the number of looks (32 bits), then for each look its
    /// samples, its Up and its Down (32 bits each, 2147483647 for <see cref="Never"/>).
    /// </summary>
    public byte[] Body()
    {
        byte[] body = new byte[HeadLength + (12 * Looks.Count)];
        Span<byte> rest = body;
        Magic.CopyTo(rest);
        BinaryPrimitives.WriteDoubleLittleEndian(rest[8..], Parameters.P0);
        BinaryPrimitives.WriteDoubleLittleEndian(rest[16..], Parameters.Alpha);
        BinaryPrimitives.WriteDoubleLittleEndian(rest[24..], Parameters.Beta);
        BinaryPrimitives.WriteInt32LittleEndian(rest[32..], Looks.Count);
        for (int i = 0; i < Looks.Count; i++)
        {
            Span<byte> entry = rest[(HeadLength + (12 * i))..];
            BinaryPrimitives.WriteInt32LittleEndian(entry, Looks[i]);
            BinaryPrimitives.WriteInt32LittleEndian(entry[4..], _up[i]);
            BinaryPrimitives.WriteInt32LittleEndian(entry[8..], _down[i]);
        }

        return body;
    }

    /// <summary>The cache file: the body and its digest.</summary>
    public byte[] ToFile() => [.. Body(), .. _digest];

    /// <summary>Reads a cache file, and proves its error again: whoever can write the file can make it useless, but not make it certify more than alpha allows.</summary>
    /// <exception cref="BoundaryException">It is no such file, damaged, or its error is above alpha.</exception>
    public static BoundaryTable Read(ReadOnlySpan<byte> file, CancellationToken cancellation = default)
    {
        if (file.Length < HeadLength + DigestLength || !file.StartsWith(Magic))
        {
            throw new BoundaryException("this is no table of boundaries");
        }

        int count = BinaryPrimitives.ReadInt32LittleEndian(file[32..]);
        if (count is < 1 or > LookSchedule.MostLooks || file.Length != HeadLength + (12 * count) + DigestLength)
        {
            throw new BoundaryException($"a table of {count} looks does not have {file.Length} bytes");
        }

        ReadOnlySpan<byte> body = file[..^DigestLength];
        if (!file[^DigestLength..].SequenceEqual(SHA256.HashData(body)))
        {
            throw new BoundaryException("the table is damaged: its digest is another");
        }

        int[] looks = new int[count];
        int[] up = new int[count];
        int[] down = new int[count];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = body[(HeadLength + (12 * i))..];
            looks[i] = BinaryPrimitives.ReadInt32LittleEndian(entry);
            up[i] = BinaryPrimitives.ReadInt32LittleEndian(entry[4..]);
            down[i] = BinaryPrimitives.ReadInt32LittleEndian(entry[8..]);
        }

        try
        {
            return new BoundaryTable(
                new BoundaryParameters(
                    BinaryPrimitives.ReadDoubleLittleEndian(body[8..]),
                    BinaryPrimitives.ReadDoubleLittleEndian(body[16..]),
                    BinaryPrimitives.ReadDoubleLittleEndian(body[24..]),
                    new LookSchedule(looks)),
                up,
                down,
                cancellation);
        }
        catch (ArgumentException wrong)
        {
            throw new BoundaryException($"the table's parameters: {wrong.Message}");
        }
    }
}
