using System.Collections.Concurrent;

namespace EdgeDaemon.EndToEnd;

/// <summary>
/// Boundary tables of the models that are smoothed, as the first daemon of this run made them, handed to every later one: seconds of a core at each start otherwise. A daemon proves
/// a table that it reads, so that nothing is taken on trust.
/// </summary>
internal static class KeptTables
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly ConcurrentDictionary<string, byte[]> Files = new(StringComparer.Ordinal);

    public static void Take(StateDirectory state)
    {
        string folder = state.At("boundaries");
        foreach (string file in Directory.Exists(folder) ? Directory.GetFiles(folder, "*.bnd") : [])
        {
            Files.TryAdd(Path.GetFileName(file), File.ReadAllBytes(file));
        }
    }

    public static void Give(StateDirectory state)
    {
        Directory.CreateDirectory(state.At("boundaries"), OwnerOnly | UnixFileMode.UserExecute);
        foreach ((string name, byte[] bytes) in Files)
        {
            string file = Path.Combine(state.At("boundaries"), name);
            File.WriteAllBytes(file, bytes);
            File.SetUnixFileMode(file, OwnerOnly);
        }
    }
}
