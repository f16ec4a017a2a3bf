using System.Globalization;

namespace EdgeDaemon.Benchmarks;

/// <summary>Where the contenders are and how long to measure. Paths are made absolute against the project's root.</summary>
internal sealed record Options
{
    public const string Usage = """
        EdgeDaemon.Benchmarks [--library FILE] [--bin DIR] [--contenders DIR] [--conformance DIR] [--out DIR]
                              [--pairs 30] [--slice 1.0] [--cases mlp/1,mlp/8,cnn/1,cnn/8] [--check] [--write-baseline]
                              [--subjects cpu,throughput,start,memory,size,large,json,peers,grpc,allocation,walk,verify,tls,admission,audit,auditing,overload,idle,client,ensemble,batching,scheduler,clearing,noise,smoothing,smoothing-samples]
            --library      ONNX Runtime, the same file for every contender (default artifacts/ort/libonnxruntime.so.1)
            --bin          published edged and edgectl (default artifacts/bin); without them only raw and bare are measured
            --contenders   published bench-bare, bench-load and bench-client (default artifacts/bench)
            --conformance  for light_resnet50 (default EDGED_CONFORMANCE or ../shared/conformance); left out when missing
            --check        fail when a figure is worse than in baseline.csv, beyond both intervals
            --write-baseline  make this run's figures the ones that --check holds others against; what it did not measure stays
            --pairs        interleaved rounds; --slice: seconds each contender is measured in a round
            --subjects order  writes src/EdgeDaemon/method-order.txt instead, by which edged's functions are laid out (needs python3 and nm; x86-64); never part of the rest
            --cases        of cpu, peers, grpc and auditing: these models and numbers of clients alone, auditing without digests (default: all)
        """;

    private static readonly string[] AllSubjects = ["cpu", "throughput", "start", "memory", "size", "large", "json", "peers", "grpc", "allocation", "walk", "verify", "tls", "admission", "audit", "auditing", "overload", "idle", "client", "ensemble", "batching", "scheduler", "clearing", "noise", "smoothing", "smoothing-samples"];

    // Measures nothing.
    private const string Order = "order";

    private static readonly string[] OfCases = ["cpu", "peers", "grpc", "auditing"];

    private static readonly string[] AllCases = ["mlp/1", "mlp/8", "cnn/1", "cnn/8"];

    public required string Root { get; init; }

    public required string Library { get; init; }

    public required string Edged { get; init; }

    public required string EdgeCtl { get; init; }

    public required string Contenders { get; init; }

    public required string Bare { get; init; }

    public required string Load { get; init; }

    public required string Client { get; init; }

    public required string Conformance { get; init; }

    public required string LightResNet { get; init; }

    public required string Output { get; init; }

    public required int Pairs { get; init; }

    /// <summary>Seconds.</summary>
    public required double Slice { get; init; }

    public required IReadOnlyList<string> Subjects { get; init; }

    /// <summary>Model and number of clients of the cases that are measured; empty: all.</summary>
    public required IReadOnlyList<string> Cases { get; init; }

    /// <summary>The numbers of clients with which a model is measured.</summary>
    public int[] Clients(Workload workload) => [.. ((int[])[1, 8]).Where(clients => Cases.Count == 0 || Cases.Contains($"{workload.Name}/{clients}"))];

    public required bool Check { get; init; }

    public required bool WriteBaseline { get; init; }

    public string Baseline => Path.Combine(Root, "tests/EdgeDaemon.Benchmarks/baseline.csv");

    /// <summary>The functions of a request, in the order in which publishing lays them out.</summary>
    public string MethodOrder => Path.Combine(Root, "src/EdgeDaemon/method-order.txt");

    /// <summary>Names of the published edged's functions.</summary>
    public string EdgedSymbols => Path.Combine(Root, "artifacts/publish/EdgeDaemon/edged.dbg");

    public bool HasEdged => File.Exists(Edged) && File.Exists(EdgeCtl);

    public static Options Parse(string[] words)
    {
        var values = new Dictionary<string, string>();
        bool check = words.Contains("--check");
        bool write = words.Contains("--write-baseline");
        words = [.. words.Where(word => word is not ("--check" or "--write-baseline"))];
        for (int at = 0; at < words.Length; at += 2)
        {
            values[words[at]] = at + 1 < words.Length ? words[at + 1] : throw new ArgumentException(Usage);
        }

        string root = FindRoot();
        string Text(string name, string otherwise) => values.Remove(name, out string? value) ? value : otherwise;
        string Folder(string name, string otherwise) => Path.GetFullPath(Text(name, otherwise), root);
        string bin = Folder("--bin", "artifacts/bin");
        string contenders = Folder("--contenders", "artifacts/bench");
        string conformance = Folder("--conformance", Environment.GetEnvironmentVariable("EDGED_CONFORMANCE") ?? "../shared/conformance");
        string[] subjects = values.Remove("--subjects", out string? list) ? list.Split(',') : AllSubjects;
        if (subjects.FirstOrDefault(subject => subject != Order && !AllSubjects.Contains(subject)) is string unknown)
        {
            throw new ArgumentException($"--subjects {unknown} is not known\n{Usage}");
        }

        string[] cases = values.Remove("--cases", out string? some) ? some.Split(',') : [];
        if (cases.FirstOrDefault(one => !AllCases.Contains(one)) is string nowhere)
        {
            throw new ArgumentException($"--cases {nowhere} is not known\n{Usage}");
        }

        if (cases.Length > 0 && !subjects.Any(OfCases.Contains))
        {
            throw new ArgumentException($"--cases is of the subjects {string.Join(", ", OfCases)}, of which none is asked for\n{Usage}");
        }

        var options = new Options
        {
            Root = root,
            Library = Folder("--library", "artifacts/ort/libonnxruntime.so.1"),
            Edged = Path.Combine(bin, "edged"),
            EdgeCtl = Path.Combine(bin, "edgectl"),
            Contenders = contenders,
            Bare = Path.Combine(contenders, "bench-bare"),
            Load = Path.Combine(contenders, "bench-load"),
            Client = Path.Combine(contenders, "bench-client"),
            Conformance = conformance,
            LightResNet = Path.Combine(conformance, "onnx/light/light_resnet50.onnx"),
            Output = Folder("--out", "artifacts/bench"),
            Pairs = int.TryParse(Text("--pairs", "30"), NumberStyles.None, CultureInfo.InvariantCulture, out int pairs) && pairs > 0 ? pairs : throw new ArgumentException($"--pairs is a number of rounds, 1 or more\n{Usage}"),
            Slice = double.TryParse(Text("--slice", "1.0"), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double slice) && slice > 0 ? slice : throw new ArgumentException($"--slice is a number of seconds above 0\n{Usage}"),
            Subjects = subjects,
            Cases = cases,
            Check = check,
            WriteBaseline = write,
        };
        if (values.Count > 0)
        {
            throw new ArgumentException($"{values.First().Key} is not known\n{Usage}");
        }

        // The walk, the verification, the noise and the samples of decisions serve nobody.
        string[] servers = subjects.All(subject => subject is "walk" or "verify" or "noise" or "smoothing-samples") ? [] : [options.Library, options.Bare, options.Load];
        foreach (string needed in servers)
        {
            if (!File.Exists(needed))
            {
                throw new ArgumentException($"{needed} does not exist; './build.sh bench' makes it\n{Usage}");
            }
        }

        // Names at the addresses of another publishing would be an order of whatever lies there now.
        string published = Path.ChangeExtension(options.EdgedSymbols, null);
        if (subjects.Contains(Order) && !(File.Exists(options.EdgedSymbols) && File.Exists(published) && options.HasEdged && File.ReadAllBytes(published).AsSpan().SequenceEqual(File.ReadAllBytes(options.Edged))))
        {
            throw new ArgumentException($"--subjects {Order} needs {options.EdgedSymbols} of the same publishing as {options.Edged}; './build.sh publish' makes both\n{Usage}");
        }

        return options;
    }

    private static string FindRoot()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "EdgeDaemon.sln")))
            {
                return folder;
            }
        }

        throw new ArgumentException("EdgeDaemon.sln is in no folder above this program");
    }
}
