using System.Text;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Certification;

/// <summary>
/// results.csv: one line for each decision, on the disk before the next one is asked for. A run that is killed between any two bytes goes on where it
/// stood: a line without its end was never finished and is cut off, every other one is kept and not asked again.
/// </summary>
internal sealed class ResultsFile : IDisposable
{
    public const string Name = "results.csv";

    private const int Readable = 0b110_100_100;
    private const int MaxBytes = 1 << 30;

    private readonly Dictionary<(CertifiedSeries, int), CertifiedRow> _rows = [];
    private readonly AppendedFile _file;

    private ResultsFile(AppendedFile file) => _file = file;

    public IReadOnlyCollection<CertifiedRow> Rows => _rows.Values;

    /// <summary>Opens the file in a folder, or makes it.</summary>
    /// <exception cref="CtlException">A line is none of ours, or another run writes to the file now.</exception>
    public static ResultsFile Open(string folder)
    {
        string path = Path.Combine(folder, Name);
        if (!File.Exists(path))
        {
            DurableFile.Create(path, Encoding.ASCII.GetBytes(CertifiedRow.Head + "\n"), Readable);
        }

        AppendedFile file = Lock(path);
        try
        {
            // Read under the lock: nobody else appends between the reading and the first line of ours.
            byte[] bytes = SafeFileRead.Read(path, MaxBytes);
            int whole = bytes.AsSpan().LastIndexOf((byte)'\n') + 1;
            var results = new ResultsFile(file);
            results.Read(Encoding.UTF8.GetString(bytes, 0, whole), path);
            if (whole < bytes.Length)
            {
                file.Cut(whole);
            }

            return results;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Every row of a finished or unfinished run, for a report alone.</summary>
    public bool Has(CertifiedSeries series, int image) => _rows.ContainsKey((series, image));

    /// <summary>Durable when this returns. From one thread at a time.</summary>
    /// <exception cref="InvalidOperationException">The image is decided already.</exception>
    public void Append(CertifiedRow row)
    {
        if (!_rows.TryAdd((row.Series, row.Image), row))
        {
            throw new InvalidOperationException($"image {row.Image} of {row.Series} is decided already");
        }

        _file.Append(Encoding.ASCII.GetBytes(row.ToLine() + "\n"));
    }

    public void Dispose() => _file.Dispose();

    private static AppendedFile Lock(string path)
    {
        try
        {
            return AppendedFile.Open(path);
        }
        catch (IOException busy)
        {
            throw new CtlException($"{path} cannot be written ({busy.Message}); another run may be at it, or give another --out", busy);
        }
    }

    private void Read(string text, string path)
    {
        string[] lines = text.Split('\n');
        if (lines[0] != CertifiedRow.Head)
        {
            throw new CtlException($"{path}:1:1: is not the head of a results file of this version; give another --out, or move the file away");
        }

        for (int i = 1; i < lines.Length - 1; i++)
        {
            CertifiedRow row = CertifiedRow.Parse(lines[i]) ?? throw new CtlException($"{path}:{i + 1}:1: is no line of a results file; take it out, and its image will be asked again");
            if (!_rows.TryAdd((row.Series, row.Image), row))
            {
                throw new CtlException($"{path}:{i + 1}:1: decides image {row.Image} of {row.Series} a second time; take one of the lines out");
            }
        }
    }
}
