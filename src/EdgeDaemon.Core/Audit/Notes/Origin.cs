namespace EdgeDaemon.Core.Audit.Notes;

/// <summary>The name of a log and of its keys: a URL without scheme (C2SP tlog-checkpoint), here ASCII without space and plus sign.</summary>
public static class Origin
{
    /// <summary>Most characters.</summary>
    public const int Longest = 128;

    /// <summary>Null for such a name, else what is wrong with it.</summary>
    public static string? Fault(string origin)
    {
        if (origin.Length is 0 or > Longest)
        {
            return $"an origin has 1 to {Longest} characters, not {origin.Length}";
        }

        foreach (char letter in origin)
        {
            if (letter is <= ' ' or >= '\x7f' or '+')
            {
                return "an origin has ASCII letters, digits and signs only, no space and no plus sign";
            }
        }

        // The first line of an epoch certificate: a checkpoint must not be taken for one.
        return origin == EpochCertificate.FirstLine ? $"{EpochCertificate.FirstLine} is no origin" : null;
    }

    /// <summary>Gives the name back.</summary>
    /// <exception cref="ArgumentException">It is none.</exception>
    public static string Require(string origin) => Fault(origin) is { } fault ? throw new ArgumentException(fault, nameof(origin)) : origin;
}
