using System.Collections.Immutable;
using System.Runtime.InteropServices;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Smoothing;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Ctl.Certification.Replay;

/// <summary>
/// The base classifier as a daemon computes it: every run has as many rows (rule S4), every member sees the same rows, and the vote is summed in the same order with the same
/// roundings. One thread: how kernels share work among threads does not change what a row is.
/// </summary>
internal sealed class ReplayModel : IDisposable
{
    private const long PoolBytes = 4L << 30;

    private readonly TensorBlockPool _pool = new(PoolBytes);
    private readonly List<OnnxSession> _sessions = [];
    private readonly List<(OnnxRun Run, int Output)> _members = [];
    private readonly CertificateModel _model;
    private readonly TensorShape _shape;
    private readonly int _classes;
    private TensorBlock? _block;

    /// <param name="library">ONNX Runtime, loaded.</param>
    /// <exception cref="CtlException">A graph cannot be loaded, or is not what the manifest says.</exception>
    public ReplayModel(OnnxRuntime library, ReplayBundle bundle, RobustnessCertificate certificate)
    {
        _model = certificate.Model;
        _classes = certificate.Engine.Classes;
        TensorShape.TryCreate([certificate.Engine.Rows, .. certificate.Input.Shape.AsSpan()[1..]], out _shape);
        if (!_shape.TryByteCount(ElementType.Float32, out long bytes) || !_pool.TryRent(bytes, out _block))
        {
            throw new CtlException($"a run of shape {_shape} needs more memory than the {PoolBytes >> 30} GiB that this command takes");
        }

        Elements = (int)(bytes / sizeof(float) / certificate.Engine.Rows);
        try
        {
            ImmutableArray<ReadOnlyMemory<byte>> graphs = bundle.Graphs();
            string output = bundle.Manifest.Outputs[bundle.Rules.Output].Tensor;
            for (int i = 0; i < graphs.Length; i++)
            {
                Open(library, _model.Members[i].Name, graphs[i], bundle.Manifest, output);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Rows of every run.</summary>
    public int Rows => (int)_shape[0];

    /// <summary>Of a row.</summary>
    public int Elements { get; }

    /// <summary>The tensor of the next run, <see cref="Rows"/> rows.</summary>
    public Span<float> Tensor => MemoryMarshal.Cast<byte, float>(_block!.GetSpan());

    /// <summary>Runs the members over the tensor.</summary>
    /// <param name="choices">The class of each of the first rows; <see cref="Votes.None"/> where there is none.</param>
    public void Run(Span<int> choices)
    {
        foreach ((OnnxRun run, _) in _members)
        {
            run.SetInput(0, _shape, _block!, _block!.Length);
            run.Execute();
        }

        Span<double> sums = new double[_classes];
        Span<float> answer = new float[_classes];
        for (int row = 0; row < choices.Length; row++)
        {
            Combine(row, sums, answer);
            choices[row] = Votes.Choice(_model.Vote, answer);
        }

        foreach ((OnnxRun run, _) in _members)
        {
            run.Clear();
        }
    }

    public void Dispose()
    {
        _members.ForEach(member => member.Run.Dispose());
        _sessions.ForEach(session => session.Dispose());
        _block?.Return();
        _block = null;
        _pool.Dispose();
    }

    // The law of votes (Core/Bundles/README.md), row by row.
    private void Combine(int row, Span<double> sums, Span<float> answer)
    {
        if (_members.Count == 1)
        {
            Row(0, row).CopyTo(answer);
            return;
        }

        int last = _model.Consensus > 0 && Agree(row) ? _model.Consensus : _members.Count;
        sums.Clear();
        double weights = 0;
        for (int member = 0; member < last; member++)
        {
            Votes.Add(_model.Vote, Row(member, row), _model.Weights[member], sums);
            weights += _model.Weights[member];
        }

        Votes.End(sums, weights, answer);
    }

    private bool Agree(int row)
    {
        int first = Votes.Choice(Row(0, row));
        bool agree = first != Votes.None;
        for (int member = 1; member < _model.Consensus; member++)
        {
            agree &= Votes.Choice(Row(member, row)) == first;
        }

        return agree;
    }

    private ReadOnlySpan<float> Row(int member, int row) =>
        MemoryMarshal.Cast<byte, float>(_members[member].Run.OutputData(_members[member].Output)).Slice(row * _classes, _classes);

    private void Open(OnnxRuntime library, string name, ReadOnlyMemory<byte> graph, ModelManifest manifest, string output)
    {
        ManifestSession wish = manifest.Session;
        try
        {
            OnnxSession session = library.CreateSession(graph.Span, new OnnxSessionOptions(1, wish.DenormalAsZero)
            {
                Optimisation = wish.Optimisation switch
                {
                    GraphOptimisation.None => OnnxOptimisation.None,
                    GraphOptimisation.Basic => OnnxOptimisation.Basic,
                    GraphOptimisation.Extended => OnnxOptimisation.Extended,
                    _ => OnnxOptimisation.All,
                },
                Deterministic = wish.Deterministic,
                MemoryPattern = wish.MemoryPattern,
            });
            _sessions.Add(session);
            int place = 0;
            while (place < session.Outputs.Length && session.Outputs[place].Name != output)
            {
                place++;
            }

            if (session.Inputs is not [{ Type: ElementType.Float32 } input] || input.Name != manifest.Inputs[0].Tensor || place == session.Outputs.Length)
            {
                throw new CtlException($"member '{name}' does not take the FP32 tensor '{manifest.Inputs[0].Tensor}' alone, or does not give '{output}', as model.toml says");
            }

            _members.Add((session.NewRun(_pool), place));
        }
        catch (Exception reason) when (reason is OnnxException or OnnxContractException)
        {
            throw new CtlException($"member '{name}': {reason.Message}", reason);
        }
    }
}
