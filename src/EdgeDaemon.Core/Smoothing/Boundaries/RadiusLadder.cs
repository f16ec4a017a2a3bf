using System.Buffers.Binary;
using System.Security.Cryptography;
using EdgeDaemon.Core.Smoothing.Statistics;

namespace EdgeDaemon.Core.Smoothing.Boundaries;

/// <summary>
/// One table for each of several radii, decided on one sample path: the answer is the largest radius whose boundary was reached. The hypotheses
/// "p is at most p0(r)" are nested, so no correction for several radii is due, provided that whoever reaches the boundary of a radius has reached
/// those of all smaller ones: Up rises with r at every look. Where it does not, the larger radius's entry is raised, which only lowers its error.
/// A single radius is a ladder of one.
/// </summary>
public sealed class RadiusLadder
{
    /// <summary>Each radius takes a table's time to build and is asked at every look.</summary>
    public const int MostRadii = 64;

    private readonly double[] _radii;
    private readonly BoundaryTable[] _tables;
    private readonly byte[] _digest;

    /// <param name="sigma">The noise's standard deviation, in units of the radii.</param>
    /// <param name="radii">Rising, each positive.</param>
    /// <param name="tables">Of the same looks, alpha and beta; for each radius one whose P0 is at least Phi(radius / sigma).</param>
    /// <exception cref="BoundaryException">They do not fit together.</exception>
    public RadiusLadder(double sigma, ReadOnlySpan<double> radii, IReadOnlyList<BoundaryTable> tables, CancellationToken cancellation = default)
    {
        if (radii.IsEmpty || radii.Length > MostRadii || radii.Length != tables.Count)
        {
            throw new BoundaryException($"{radii.Length} radii with {tables.Count} tables: 1 to {MostRadii}, and a table for each");
        }

        Sigma = sigma;
        _radii = radii.ToArray();
        _tables = new BoundaryTable[radii.Length];
        for (int r = 0; r < radii.Length; r++)
        {
            if (!(radii[r] > 0) || (r > 0 && radii[r] <= radii[r - 1]))
            {
                throw new BoundaryException($"radii rise from above 0: {radii[r]} does not");
            }

            BoundaryTable table = tables[r];
            if (table.Parameters.P0 < CertifiedRadius.Probability(radii[r], sigma))
            {
                throw new BoundaryException($"a table for p0 = {table.Parameters.P0:r} does not certify the radius {radii[r]} at sigma {sigma}");
            }

            if (r > 0)
            {
                BoundaryTable smaller = _tables[r - 1];
                if (!table.Looks.Looks.SequenceEqual(smaller.Looks.Looks) || table.Parameters.Alpha != smaller.Parameters.Alpha || table.Parameters.Beta != smaller.Parameters.Beta)
                {
                    throw new BoundaryException("the tables of one ladder have the same looks, alpha and beta");
                }

                table = Raised(table, smaller, cancellation);
            }

            _tables[r] = table;
        }

        _digest = SHA256.HashData(Body());
    }

    public double Sigma { get; }

    public ReadOnlySpan<double> Radii => _radii;

    public int Count => _radii.Length;

    public LookSchedule Looks => _tables[0].Looks;

    public double Alpha => _tables[0].Parameters.Alpha;

    /// <summary>Proven: the probability that the answer's radius is larger than the true one is at most this.</summary>
    public double CertifyError
    {
        get
        {
            double most = 0;
            foreach (BoundaryTable table in _tables)
            {
                most = Math.Max(most, table.CertifyError);
            }

            return most;
        }
    }

    /// <summary>SHA-256 over "EDGELAD1", sigma, the number of radii (32 bits), and for each its radius and its table's digest; numbers little-endian.</summary>
    public ReadOnlySpan<byte> Digest => _digest;

    public BoundaryTable this[int index] => _tables[index];

    /// <exception cref="ArgumentException">A parameter is outside its range.</exception>
    /// <exception cref="BoundaryException">The radii do not rise.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static RadiusLadder Build(double sigma, ReadOnlySpan<double> radii, double alpha, double beta, LookSchedule looks, CancellationToken cancellation = default)
    {
        var tables = new BoundaryTable[Math.Min(radii.Length, MostRadii + 1)];
        for (int r = 0; r < tables.Length; r++)
        {
            tables[r] = BoundaryBuilder.Build(new BoundaryParameters(CertifiedRadius.Probability(radii[r], sigma), alpha, beta, looks), cancellation);
        }

        return new RadiusLadder(sigma, radii, tables, cancellation);
    }

    private byte[] Body()
    {
        byte[] body = new byte[20 + (40 * _radii.Length)];
        "EDGELAD1"u8.CopyTo(body);
        BinaryPrimitives.WriteDoubleLittleEndian(body.AsSpan(8), Sigma);
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(16), _radii.Length);
        for (int r = 0; r < _radii.Length; r++)
        {
            Span<byte> entry = body.AsSpan(20 + (40 * r));
            BinaryPrimitives.WriteDoubleLittleEndian(entry, _radii[r]);
            _tables[r].Digest.CopyTo(entry[8..]);
        }

        return body;
    }

    private static BoundaryTable Raised(BoundaryTable table, BoundaryTable smaller, CancellationToken cancellation)
    {
        int[] up = table.Up.ToArray();
        bool same = true;
        for (int i = 0; i < up.Length; i++)
        {
            if (up[i] < smaller.Up[i])
            {
                up[i] = smaller.Up[i];
                same = false;
            }
        }

        return same ? table : new BoundaryTable(table.Parameters, up, table.Down, cancellation);
    }
}
