using System.Globalization;

namespace EdgeDaemon.Core.Audit;

/// <summary>Names of the files in a log's folder: what the spool writes and `edgectl audit` reads.</summary>
public static class SpoolLayout
{
    /// <summary>The vkey of epoch 0, one line: what the auditor keeps a copy of. Its name is the log's origin.</summary>
    public const string FirstKey = "first.vkey";

    /// <summary>The certificates of all epochs, one after another.</summary>
    public const string Epochs = "epochs.notes";

    /// <summary>The segment that is laid out ahead: no part of the log yet.</summary>
    public const string Next = "next.part";

    /// <summary>The folder of copies of what was found damaged.</summary>
    public const string Quarantine = "quarantine";

    private const string Suffix = ".segment";
    private const int LeastDigits = 8;

    /// <summary>Of a segment, by its number; names sort as numbers do up to a hundred million.</summary>
    public static string SegmentName(ulong number) => number.ToString("D8", CultureInfo.InvariantCulture) + Suffix;

    /// <summary>Whether this is the name of a segment, in the one way to write it.</summary>
    public static bool TryParseSegment(string name, out ulong number)
    {
        number = 0;
        return name.EndsWith(Suffix, StringComparison.Ordinal)
            && name.Length - Suffix.Length >= LeastDigits
            && ulong.TryParse(name.AsSpan(0, name.Length - Suffix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out number)
            && SegmentName(number) == name;
    }
}
