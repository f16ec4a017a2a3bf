namespace EdgeDaemon.Benchmarks;

/// <summary>
/// A model that contenders are compared on: FP32 in, FP32 out. <paramref name="Content"/> is its bundle's content folder; null when the
/// graph comes without a manifest and one has to be written.
/// </summary>
internal sealed record Workload(string Name, string Model, string Graph, string? Content, string Input, long[] Shape, string Output, long[] OutputShape)
{
    public static Workload Mlp(Options options) => Bench(options, "mlp", [1, 16], "y", [1, 4]);

    public static Workload Cnn(Options options) => Bench(options, "cnn", [1, 3, 32, 32], "logits", [1, 10]);

    /// <summary>600 KB in, almost no work.</summary>
    public static Workload Wide(Options options) => Bench(options, "wide", [1, 3, 224, 224], "y", [1, 10]);

    /// <summary>ResNet-50 with constant weights, fixed batch 1.</summary>
    public static Workload LightResNet(Options options) => new(
        "light_resnet50", "light-resnet50", options.LightResNet, null, "gpu_0/data_0", [1, 3, 224, 224], "gpu_0/softmax_1", [1, 1000]);

    /// <summary>The same graph as that many members of an ensemble.</summary>
    public Workload Times(int members) => this with { Name = $"{Name}-x{members}", Model = $"{Model}-x{members}", Content = null, Members = members };

    /// <summary>Members of the model, all with the same graph.</summary>
    public int Members { get; init; } = 1;

    private static Workload Bench(Options options, string name, long[] shape, string output, long[] outputShape)
    {
        string content = Path.Combine(options.Root, $"tests/models/bench/bench-{name}/content");
        return new Workload(name, $"bench-{name}", Path.Combine(content, $"{name}.onnx"), content, "x", shape, output, outputShape);
    }
}
