namespace EdgeDaemon.EndToEnd;

/// <summary>New releases of the small benchmark model, made as a release engineer would.</summary>
internal static class Releases
{
    public const string Model = "bench-mlp";

    /// <summary>A release in a folder of its own, whole before the daemon can see any of it.</summary>
    public static void Add(StateDirectory state, string folder, long sequence, string? key = null)
    {
        string aside = state.At($"aside-{folder}");
        Directory.CreateDirectory(Path.Combine(aside, "content"));
        foreach (string file in Directory.GetFiles(Path.Combine(Installation.Models, "bench", Model, "content")))
        {
            File.Copy(file, Path.Combine(aside, "content", Path.GetFileName(file)));
        }

        string manifest = Path.Combine(aside, "content", "model.toml");
        File.WriteAllLines(manifest, File.ReadAllLines(manifest).Select(line => line.StartsWith("sequence = ", StringComparison.Ordinal) ? $"sequence = {sequence}" : line));
        Command.Edgectl("bundle", "sign", aside, "--key", key ?? state.Key).Succeeded();
        Directory.Move(aside, state.Bundle(folder));
    }

    /// <summary>What such a model is asked: 16 numbers.</summary>
    public static byte[] Question() => Digits.Infer(
        Model, """{"inputs":[{"name":"x","datatype":"FP32","shape":[1,16],"data":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]}]}"""u8);
}
