using System.Text;

namespace EdgeDaemon.Core.Bundles;

/// <summary>
/// What a file of a content tree may be called, in one place for the signature and for the tree: relative, with <c>/</c> between
/// components, exactly one spelling for each file (OMS v1.0 section 5, reference 1.5 step 7).
/// </summary>
public static class ResourceName
{
    /// <summary>Longest name, in bytes of UTF-8: Linux's PATH_MAX.</summary>
    public const int MaxBytes = 4096;

    /// <summary>Longest component, in bytes of UTF-8: Linux's NAME_MAX.</summary>
    public const int MaxComponentBytes = 255;

    /// <summary>Top-level names that OMS leaves out of every signature, with whatever lies under them.</summary>
    public static IReadOnlyList<string> GitNames { get; } = [".git", ".gitattributes", ".github", ".gitignore"];

    /// <summary>The reason why <paramref name="name"/> is not canonical, or null when it is.</summary>
    public static string? Fault(string name)
    {
        if (name.Length == 0)
        {
            return "is empty";
        }

        // A longer text cannot have fewer bytes: refuse before counting.
        if (name.Length > MaxBytes || Encoding.UTF8.GetByteCount(name) > MaxBytes)
        {
            return "is longer than 4096 bytes";
        }

        if (name[0] == '/')
        {
            return "is absolute";
        }

        foreach (Rune rune in name.EnumerateRunes())
        {
            // U+FFFD is what a lone surrogate or a byte that is not UTF-8 decodes to: two files would share the name.
            if (rune == Rune.ReplacementChar)
            {
                return "is not valid Unicode, or holds U+FFFD";
            }

            if (rune.Value == '\\')
            {
                return "holds a backslash";
            }

            // NUL ends a path in the kernel; the others forge lines in logs and terminals.
            if (Rune.IsControl(rune))
            {
                return "holds a control character";
            }
        }

        foreach (Range part in name.AsSpan().Split('/'))
        {
            ReadOnlySpan<char> component = name.AsSpan(part);
            switch (component)
            {
                case "":
                    return "has an empty component";
                case "." or "..":
                    return "has a component '.' or '..'";
            }

            if (Encoding.UTF8.GetByteCount(component) > MaxComponentBytes)
            {
                return "has a component longer than 255 bytes";
            }
        }

        return null;
    }

    /// <summary>True when <paramref name="name"/> is <paramref name="folder"/> or lies under it.</summary>
    public static bool IsAtOrUnder(string name, string folder) =>
        name.StartsWith(folder, StringComparison.Ordinal) && (name.Length == folder.Length || name[folder.Length] == '/');

    /// <summary>True for the top-level git names and what lies under them: never part of the signed content.</summary>
    public static bool IsGit(string name)
    {
        foreach (string git in GitNames)
        {
            if (IsAtOrUnder(name, git))
            {
                return true;
            }
        }

        return false;
    }
}
