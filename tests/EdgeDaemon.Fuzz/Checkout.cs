namespace EdgeDaemon.Fuzz;

/// <summary>Where the sources lie: corpora and oracles are read from there.</summary>
internal sealed record Checkout(string Root)
{
    public string Corpus(string target) => Path.Combine(Root, "tests", "EdgeDaemon.Fuzz", "corpus", target);

    public string Oracle(string script) => Path.Combine(Root, "tests", "EdgeDaemon.Fuzz", "oracles", script);

    public string Findings(string target) => Path.Combine(Root, "artifacts", "fuzz", target);

    public static Checkout Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "EdgeDaemon.sln")))
            {
                return new Checkout(folder.FullName);
            }
        }

        throw new DirectoryNotFoundException("no folder above this program holds EdgeDaemon.sln");
    }
}
