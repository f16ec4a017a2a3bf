using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Archives;

/// <summary>What is written must not lie in what is read: it would become part of it, and of whatever is signed or packed next.</summary>
internal static class OutputPlace
{
    /// <param name="input">A folder that is there.</param>
    /// <param name="output">What will be written, as the user named it; its folder may be missing, which the writing then says.</param>
    /// <param name="what">The input in the words of the message.</param>
    /// <exception cref="CtlException">The output would lie in the input.</exception>
    public static void RefuseWithin(string input, string output, string what)
    {
        string folder = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(output))) ?? "/";
        if (Directory.Exists(folder) && FolderPlace.IsWithin(folder, input))
        {
            throw new CtlException($"{output} would lie in {input}, {what}; name another place with --out");
        }
    }
}
