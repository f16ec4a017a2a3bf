namespace EdgeDaemon.Benchmarks.Bare;

/// <summary>What requests need to know of a model with one FP32 input and one FP32 output whose first dimension is the batch.</summary>
internal sealed class Model
{
    private readonly long[] _input;
    private readonly long[] _output;

    public Model(Ort ort, byte[] bytes)
    {
        Ort = ort;
        Bytes = bytes;
        FirstSession = ort.CreateSession(bytes);
        (InputName, _input) = ort.Describe(FirstSession, input: true);
        (OutputName, _output) = ort.Describe(FirstSession, input: false);
        InputItemBytes = ItemBytes(_input);
        OutputItemBytes = ItemBytes(_output);
    }

    public Ort Ort { get; }

    public byte[] Bytes { get; }

    public nint FirstSession { get; }

    public nint InputName { get; }

    public nint OutputName { get; }

    /// <summary>Bytes of one item of a batch.</summary>
    public int InputItemBytes { get; }

    public int OutputItemBytes { get; }

    /// <summary>The batch that a body of this length is; 0 when it is none, or not the one a fixed model takes.</summary>
    public int BatchOf(long bodyBytes)
    {
        if (bodyBytes <= 0 || bodyBytes % InputItemBytes != 0 || bodyBytes / InputItemBytes > 4096)
        {
            return 0;
        }

        int batch = (int)(bodyBytes / InputItemBytes);
        return _input[0] > 0 && _input[0] != batch ? 0 : batch;
    }

    public long[] InputShape(int batch) => [batch, .. _input.AsSpan(1)];

    public long[] OutputShape(int batch) => [batch, .. _output.AsSpan(1)];

    private static int ItemBytes(long[] dimensions)
    {
        long items = 1;
        foreach (long dimension in dimensions.AsSpan(1))
        {
            items = dimension > 0 ? checked(items * dimension) : throw new NotSupportedException("only the first dimension may be dynamic");
        }

        return checked((int)(items * sizeof(float)));
    }
}
