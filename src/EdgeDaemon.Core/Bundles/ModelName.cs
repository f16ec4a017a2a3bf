namespace EdgeDaemon.Core.Bundles;

/// <summary>What a model may be called: 1 to 64 letters, digits, '.', '_' and '-', the first no '.'. Such a name needs no escaping in a path, a URL or a log.</summary>
public static class ModelName
{
    public const int MaxLength = 64;

    public static bool Allows(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-';

    /// <summary>Null for a usable name, else what is wrong with it.</summary>
    public static string? Fault(string name) =>
        name.Length is > 0 and <= MaxLength && name.All(Allows) && name[0] != '.'
            ? null
            : "must be 1 to 64 letters, digits, '.', '_' and '-', and not start with '.'";
}
