namespace EdgeDaemon.Core.Bundles.Onnx.Folding;

/// <summary>Transforms of signals: how long they come out is a number, too.</summary>
internal static class SignalRules
{
    /// <summary>Complex numbers take two elements.</summary>
    private const int Parts = 2;

    public static FoldedValue Dft(FoldingCall call)
    {
        long length = call.At(1) is null ? 1 : call.Sizes(1) is [long given] ? Math.Max(given, 1) : 1;
        return FoldedValue.Bounded(FoldedValue.Times(FoldedValue.Times(call.Data.Volume, length), Parts), call.Data.Type);
    }

    /// <summary>A spectrum, no longer than a frame, for each place that a frame can begin at.</summary>
    public static FoldedValue Stft(FoldingCall call)
    {
        long frame = call.At(3) is null ? call.At(2)?.Volume ?? call.Data.Volume : call.Sizes(3) is [long given] ? Math.Max(given, 1) : call.Data.Volume;
        long step = call.Sizes(1) is [long every] ? Math.Max(every, 1) : 1;
        long frames = (call.Data.Volume / step) + 1;
        return FoldedValue.Bounded(FoldedValue.Times(FoldedValue.Times(frames, Math.Min(frame, Math.Max(call.Data.Volume, 1))), Parts), call.Data.Type);
    }

    /// <summary>Bins by the positive half of a spectrum.</summary>
    public static FoldedValue MelWeights(FoldingCall call)
    {
        long bins = call.Sizes(0) is [long given] ? Math.Max(given, 0) : 1, length = call.Sizes(1) is [long long_] ? Math.Max(long_, 0) : 1;
        return FoldedValue.Shaped([(length / 2) + 1, bins], (ulong)call.Integer("output_datatype", OnnxElements.Float));
    }
}
