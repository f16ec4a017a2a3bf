using System.Buffers;
using System.Text.Unicode;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Protocol;

/// <summary>
/// Writes the JSON head of one inference response: <see cref="Begin"/>, for each output <see cref="BinaryOutput"/> or
/// <see cref="JsonOutput"/>, <see cref="End"/>. Made to be kept. The caller sends the tensors of binary outputs
/// behind it, in the same order, and the header <see cref="HeadLength.HeaderName"/> when there is one. What is the same in all answers of a model
/// comes ready; the bytes are those of <see cref="System.Text.Json.Utf8JsonWriter"/>, but for numbers in tensors, which <see cref="JsonTensorWriter"/> has rules for.
/// </summary>
public sealed class InferResponseWriter
{
    // A dimension and its comma.
    private const int ShapeRoom = TensorShape.MaxRank * (JsonPiece.LongestNumber + 1);

    private IBufferWriter<byte>? _output;
    private bool _follows; // an output stands before the next one

    private static ReadOnlySpan<byte> IdMember => ",\"id\":\""u8;

    private static ReadOnlySpan<byte> ParametersMember => ",\"parameters\":"u8;

    private static ReadOnlySpan<byte> OutputsMember => ",\"outputs\":["u8;

    private static ReadOnlySpan<byte> BinarySize => "],\"parameters\":{\"binary_data_size\":"u8;

    private static ReadOnlySpan<byte> Data => "],\"data\":["u8;

    private IBufferWriter<byte> Output => _output ?? throw new InvalidOperationException("a response is written before it has begun");

    /// <summary>Starts a response, whatever became of the one before.</summary>
    /// <param name="output">Takes the JSON.</param>
    /// <param name="model">That answers.</param>
    /// <param name="id">The request's id in UTF-8.</param>
    /// <param name="hasId">False leaves the member out; an empty id that was given comes back empty.</param>
    /// <param name="parameters">None leaves the member out.</param>
    public void Begin(
        IBufferWriter<byte> output,
        ModelHead model,
        ReadOnlySpan<byte> id,
        bool hasId,
        ReadOnlySpan<ResponseParameter> parameters = default)
    {
        _output = output;
        _follows = false;
        bool plain = !hasId || JsonStringWriter.IsPlain(id);
        var piece = new JsonPiece(output.GetSpan(model.Json.Length + IdMember.Length + (plain ? id.Length : 0) + 1 + OutputsMember.Length));
        piece.Add(model.Json);
        if (hasId)
        {
            piece.Add(IdMember);
            if (plain)
            {
                piece.Add(id);
            }
            else
            {
                output.Advance(piece.Length);
                JsonStringWriter.WriteInside(output, id);
                piece = new JsonPiece(output.GetSpan(1 + OutputsMember.Length));
            }

            piece.Add((byte)'"');
        }

        if (!parameters.IsEmpty)
        {
            output.Advance(piece.Length);
            output.Write(ParametersMember);
            ResponseParametersWriter.Write(output, parameters);
            piece = new JsonPiece(output.GetSpan(OutputsMember.Length));
        }

        piece.Add(OutputsMember);
        output.Advance(piece.Length);
    }

    /// <summary>An output whose bytes follow the head. BYTES counts the 4-byte lengths.</summary>
    public void BinaryOutput(OutputHead head, in TensorShape shape, long binarySize)
    {
        IBufferWriter<byte> output = Output;
        var piece = new JsonPiece(output.GetSpan(head.Json.Length + ShapeRoom + BinarySize.Length + JsonPiece.LongestNumber + 2));
        BeginOutput(ref piece, head, shape);
        piece.Add(BinarySize);
        piece.Add(binarySize);
        piece.Add("}}"u8);
        output.Advance(piece.Length);
    }

    /// <summary>
    /// An output with its values as one flat array. It has no <c>parameters</c> object: C++ clients take one as the
    /// promise of a binary size.
    /// </summary>
    /// <param name="head">The output's name and type.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="data">The tensor in wire form.</param>
    /// <exception cref="RefusedException"><see cref="Refusal.OutputNotFinite"/>, <see cref="Refusal.OutputNotText"/>.</exception>
    public void JsonOutput(OutputHead head, in TensorShape shape, ReadOnlySpan<byte> data)
    {
        IBufferWriter<byte> output = Output;
        var piece = new JsonPiece(output.GetSpan(head.Json.Length + ShapeRoom + Data.Length));
        BeginOutput(ref piece, head, shape);
        piece.Add(Data);
        output.Advance(piece.Length);
        if (head.Type == ElementType.Bytes)
        {
            WriteStrings(output, data);
        }
        else
        {
            JsonTensorWriter.Write(output, head.Type, data);
        }

        output.Write("]}"u8);
    }

    /// <summary>Ends the head.</summary>
    public void End()
    {
        Output.Write("]}"u8);
        _output = null; // What is kept does not hold on to one answer's memory until the next.
    }

    private void BeginOutput(ref JsonPiece piece, OutputHead head, in TensorShape shape)
    {
        piece.Add(_follows ? head.Json : head.Json[1..]);
        _follows = true;
        ReadOnlySpan<long> dimensions = shape.Span;
        for (int i = 0; i < dimensions.Length; i++)
        {
            if (i > 0)
            {
                piece.Add((byte)',');
            }

            piece.Add(dimensions[i]);
        }
    }

    private static void WriteStrings(IBufferWriter<byte> output, ReadOnlySpan<byte> data)
    {
        bool follows = false;
        while (!data.IsEmpty)
        {
            if (!BytesTensor.TryTake(ref data, out ReadOnlySpan<byte> element))
            {
                throw new ArgumentException("BYTES that are not in wire form", nameof(data));
            }

            if (!Utf8.IsValid(element))
            {
                RefusedException.Throw(Refusal.OutputNotText, "an element of BYTES is not UTF-8; ask for binary data");
            }

            if (follows)
            {
                output.Write(","u8);
            }

            JsonStringWriter.Write(output, element);
            follows = true;
        }
    }
}
