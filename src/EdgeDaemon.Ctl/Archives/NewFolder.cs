using System.Security.Cryptography;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Archives;

/// <summary>A folder that is there whole or not at all: made beside its place under another name, and moved there when all went well.</summary>
internal static class NewFolder
{
    /// <param name="target">A path that does not exist; its folder does.</param>
    /// <param name="fill">Gets the folder to write into.</param>
    /// <exception cref="CtlException">The target exists.</exception>
    public static void Fill(string target, Action<string> fill)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(target));
        if (Path.Exists(full) || new FileInfo(full).LinkTarget is not null)
        {
            throw new CtlException($"{target} exists; name a folder that does not");
        }

        string temporary = Path.Combine(Path.GetDirectoryName(full)!, $".edgectl-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}");
        Directory.CreateDirectory(temporary);
        try
        {
            fill(temporary);
            Directory.Move(temporary, full);
        }
        catch
        {
            Directory.Delete(temporary, recursive: true);
            throw;
        }

        DurableFile.SyncFolder(Path.GetDirectoryName(full)!);
    }
}
