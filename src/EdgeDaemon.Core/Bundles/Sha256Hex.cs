namespace EdgeDaemon.Core.Bundles;

/// <summary>Digests as operators write them: 64 hex digits, kept in lower case.</summary>
public static class Sha256Hex
{
    public const int Digits = 64;

    /// <summary>Null for such a text, else what is wrong with it.</summary>
    public static string? Fault(string text) =>
        text.Length == Digits && text.All(char.IsAsciiHexDigitLower) ? null : "must be 64 lower-case hex digits";
}
