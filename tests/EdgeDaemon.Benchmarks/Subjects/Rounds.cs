using EdgeDaemon.Benchmarks.Contenders;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>Interleaved slices: in every round each contender runs once, the first of the round rotates, so that drift of the machine hits all alike.</summary>
internal static class Rounds
{
    public static Dictionary<string, List<Slice>> Run(
        int rounds, IReadOnlyList<(string Name, Func<Slice> Run)> contenders, Action<string, int, Slice> keep)
    {
        Dictionary<string, List<Slice>> results = contenders.ToDictionary(contender => contender.Name, _ => new List<Slice>());
        for (int round = 0; round < rounds; round++)
        {
            for (int turn = 0; turn < contenders.Count; turn++)
            {
                (string name, Func<Slice> run) = contenders[(round + turn) % contenders.Count];
                Slice slice = run();
                results[name].Add(slice);
                keep(name, round, slice);
            }
        }

        return results;
    }
}
