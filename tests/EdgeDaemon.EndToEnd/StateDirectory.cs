namespace EdgeDaemon.EndToEnd;

/// <summary>What one daemon needs: key, trust file, signed bundles and edged.toml in a scratch folder with a short path (a socket's has 107 bytes).</summary>
internal sealed class StateDirectory : IDisposable
{
    private StateDirectory(string path) => Root = path;

    public string Root { get; }

    public string Key => At("K");

    public string Trust => At("trust.toml");

    public string History => At("releases.toml");

    public string Config => At("edged.toml");

    public string Audit => At("audit");

    public string InferenceSocket => At("i.sock");

    public string ControlSocket => At("c.sock");

    /// <summary>With the named bundles of tests/models, signed; <paramref name="settings"/> is appended to edged.toml.</summary>
    public static StateDirectory Create(string settings = "", params string[] bundles)
    {
        var state = new StateDirectory(Directory.CreateTempSubdirectory("e2e-").FullName);
        Directory.CreateDirectory(state.At("models"));
        Command.Edgectl("keygen", "--out", state.Key, "--trust", state.Trust, "--name", "test", "--models", "*").Succeeded();
        foreach (string bundle in bundles)
        {
            state.Copy(bundle, Path.GetFileName(bundle));
            state.Sign(Path.GetFileName(bundle));
        }

        state.Configure(settings);
        state.Forget();
        return state;
    }

    /// <summary>A new history, as on a device that has accepted nothing yet.</summary>
    public void Forget()
    {
        File.Delete(History);
        Command.Edged("init", "--config", Config).Succeeded();
    }

    public string At(string name) => Path.Combine(Root, name);

    public string Bundle(string folder) => Path.Combine(Root, "models", folder);

    public string Content(string folder, string file) => Path.Combine(Bundle(folder), "content", file);

    /// <summary>Copies the content of a bundle of tests/models; it is not signed yet.</summary>
    public void Copy(string bundle, string folder)
    {
        Directory.CreateDirectory(Path.Combine(Bundle(folder), "content"));
        foreach (string file in Directory.GetFiles(Path.Combine(Installation.Models, bundle, "content")))
        {
            File.Copy(file, Content(folder, Path.GetFileName(file)));
        }
    }

    public void Sign(string folder, string? key = null) => Command.Edgectl("bundle", "sign", Bundle(folder), "--key", key ?? Key).Succeeded();

    public void Configure(string settings = "", string? library = null, string runtime = "", string inferenceMode = "0600") => Write(Config, $"""
        format = 1
        state_dir = "{Root}"
        trust = "{Trust}"
        {(settings.Contains("[penalty]", StringComparison.Ordinal) ? "" : "penalty.after = 0 # Tests send what is refused in thousands.")}

        [runtime]
        library = "{library ?? Installation.Library}"
        {runtime}

        [[listen]]
        name = "local"
        unix = "{InferenceSocket}"
        mode = "{inferenceMode}"
        exposes = ["inference"]

        [[listen]]
        name = "control"
        unix = "{ControlSocket}"
        mode = "0600"
        exposes = ["control"]

        {settings}
        {(settings.Contains("[audit]", StringComparison.Ordinal) ? "" : "[audit]\nsegment_bytes = 1048576 # Laid out in full by each of hundreds of daemons.\nmin_free_bytes = 0")}

        """);

    /// <summary>A file that edged takes, whatever the umask of whoever runs the tests: others may not write it.</summary>
    public static void Write(string file, string text)
    {
        File.WriteAllText(file, text);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
