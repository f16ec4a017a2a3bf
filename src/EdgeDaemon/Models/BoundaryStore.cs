using System.Buffers.Binary;
using System.Security.Cryptography;
using EdgeDaemon.Core.Smoothing.Boundaries;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Models;

/// <summary>
/// Boundary tables, <c>boundaries/DIGEST.bnd</c> in the state directory: making one takes up to seconds, reading one milliseconds. A table that is read has its error proven again
/// (<see cref="BoundaryTable.Read"/>), so that whoever can write here can cost time and nothing else.
/// </summary>
internal sealed class BoundaryStore(string stateDirectory)
{
    private const int OwnerOnly = 0b110_000_000;
    private const int MostBytes = 1 << 20;

    private readonly string _folder = Path.Combine(stateDirectory, "boundaries");

    /// <summary>Tables that had to be made.</summary>
    public int Made { get; private set; }

    /// <summary>The table for these parameters, from the disk or made now.</summary>
    /// <exception cref="ArgumentException">There is no such table.</exception>
    /// <exception cref="OperationCanceledException">The daemon is to stop.</exception>
    public BoundaryTable Find(BoundaryParameters parameters, CancellationToken stop)
    {
        string file = Path.Combine(_folder, $"{Name(parameters.Checked())}.bnd");
        try
        {
            if (File.Exists(file))
            {
                BoundaryTable kept = BoundaryTable.Read(SafeFileRead.Read(file, MostBytes), stop);
                if (Name(kept.Parameters) == Path.GetFileNameWithoutExtension(file))
                {
                    return kept;
                }
            }
        }
        catch (Exception unusable) when (unusable is BoundaryException or IOException or UnauthorizedAccessException)
        {
            // It is made again.
        }

        BoundaryTable made = BoundaryBuilder.Build(parameters, stop);
        Made++;
        try
        {
            Directory.CreateDirectory(_folder); // Below a directory that is the daemon's own.
            DurableFile.Write(file, made.ToFile(), OwnerOnly);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The next start makes it again.
        }

        return made;
    }

    // Of all that a table depends on; not of the table, which is what is looked for.
    private static string Name(BoundaryParameters parameters)
    {
        byte[] text = new byte[(3 * sizeof(double)) + (sizeof(int) * parameters.Looks.Count)];
        BinaryPrimitives.WriteDoubleLittleEndian(text, parameters.P0);
        BinaryPrimitives.WriteDoubleLittleEndian(text.AsSpan(8), parameters.Alpha);
        BinaryPrimitives.WriteDoubleLittleEndian(text.AsSpan(16), parameters.Beta);
        for (int i = 0; i < parameters.Looks.Count; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(text.AsSpan(24 + (4 * i)), parameters.Looks[i]);
        }

        return Convert.ToHexStringLower(SHA256.HashData(text));
    }
}
