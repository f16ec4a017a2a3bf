using System.Text;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Protocol.Grpc;

/// <summary>
/// The head of one ModelInferResponse, field by field as they come: everything but <c>raw_output_contents</c>, whose bytes its caller
/// puts where they will be used.
/// </summary>
public sealed class ModelInferResponseReader
{
    /// <summary>The field of <c>raw_output_contents</c>.</summary>
    public const int RawContents = 6;

    private readonly List<TensorContract> _outputs = [];
    private readonly List<ResponseParameter> _parameters = [];

    public string ModelName { get; private set; } = "";

    public string ModelVersion { get; private set; } = "";

    public string Id { get; private set; } = "";

    /// <summary>Name, type and shape of each output, in the order of their raw contents.</summary>
    public IReadOnlyList<TensorContract> Outputs => _outputs;

    public IReadOnlyList<ResponseParameter> Parameters => _parameters;

    /// <summary>Takes one length-delimited field; unknown ones are skipped.</summary>
    /// <exception cref="RefusedException">The encoding is broken, or a datatype is unknown.</exception>
    public void Add(int field, ReadOnlySpan<byte> content)
    {
        switch (field)
        {
            case 1:
                ModelName = GrpcAnswers.Text(content);
                break;
            case 2:
                ModelVersion = GrpcAnswers.Text(content);
                break;
            case 3:
                Id = GrpcAnswers.Text(content);
                break;
            case 4:
                AddParameter(ParameterEntry.Read(content));
                break;
            case 5:
                _outputs.Add(GrpcAnswers.Tensor(content));
                break;
        }
    }

    private void AddParameter(ParameterEntry entry)
    {
        string name = Encoding.UTF8.GetString(entry.Name);
        ResponseParameter? parameter = entry.Kind switch
        {
            InferParameterKind.Text => ResponseParameter.Of(name, Encoding.UTF8.GetString(entry.Text)),
            InferParameterKind.Boolean => ResponseParameter.Of(name, entry.Bits != 0),
            InferParameterKind.Integer => ResponseParameter.Of(name, entry.Bits),
            InferParameterKind.UnsignedInteger => ResponseParameter.Of(name, (ulong)entry.Bits),
            InferParameterKind.Real => ResponseParameter.Of(name, BitConverter.Int64BitsToDouble(entry.Bits)),
            _ => null,
        };
        if (parameter is { } known)
        {
            _parameters.Add(known);
        }
    }
}
