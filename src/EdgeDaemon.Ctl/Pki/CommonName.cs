using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Ctl.Pki;

/// <summary>The name for people in a certificate.</summary>
internal static class CommonName
{
    // ub-common-name of RFC 5280.
    private const int MaxLength = 64;

    /// <summary>Null for such a name, else what is wrong with it.</summary>
    public static string? Fault(string name) =>
        name.Length is 0 or > MaxLength || name.Trim() != name || Printable.Of(name) != name || name.Contains('\uFFFD')
            ? $"must have 1 to {MaxLength} letters, no control characters, and no space at its ends"
            : null;
}
