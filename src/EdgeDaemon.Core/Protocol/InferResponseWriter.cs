using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Unicode;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Protocol;

/// <summary>
/// Writes the JSON head of one inference response: <see cref="Begin"/>, for each output <see cref="BinaryOutput"/> or
/// <see cref="JsonOutput"/>, <see cref="End"/>. Made to be pooled. The caller sends the tensors of binary outputs
/// behind it, in the same order, and the header <see cref="HeadLength.HeaderName"/> when there is one.
/// </summary>
public sealed class InferResponseWriter : IDisposable
{
    private readonly Utf8JsonWriter _json = new(Idle.Instance, ProtocolJson.Options);
    private IBufferWriter<byte>? _output;
    private long _beside;

    /// <summary>Starts a response, whatever became of the one before.</summary>
    /// <param name="output">Takes the JSON.</param>
    /// <param name="modelName">As it is served.</param>
    /// <param name="modelVersion">As it is served.</param>
    /// <param name="id">The request's id in UTF-8.</param>
    /// <param name="hasId">False leaves the member out; an empty id that was given comes back empty.</param>
    /// <param name="parameters">None leaves the member out.</param>
    public void Begin(
        IBufferWriter<byte> output,
        string modelName,
        string modelVersion,
        ReadOnlySpan<byte> id,
        bool hasId,
        ReadOnlySpan<ResponseParameter> parameters = default)
    {
        _json.Reset(output);
        _output = output;
        _beside = 0;
        _json.WriteStartObject();
        _json.WriteString("model_name"u8, modelName);
        _json.WriteString("model_version"u8, modelVersion);
        if (hasId)
        {
            _json.WriteString("id"u8, id);
        }

        if (!parameters.IsEmpty)
        {
            WriteParameters(parameters);
        }

        _json.WriteStartArray("outputs"u8);
    }

    /// <summary>An output whose bytes follow the head. BYTES counts the 4-byte lengths.</summary>
    public void BinaryOutput(string name, ElementType type, in TensorShape shape, long binarySize)
    {
        BeginOutput(name, type, shape);
        _json.WriteStartObject("parameters"u8);
        _json.WriteNumber("binary_data_size"u8, binarySize);
        _json.WriteEndObject();
        _json.WriteEndObject();
    }

    /// <summary>
    /// An output with its values as one flat array. It has no <c>parameters</c> object: C++ clients take one as the
    /// promise of a binary size.
    /// </summary>
    /// <param name="name">The output's name.</param>
    /// <param name="type">Its element type.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="data">The tensor in wire form.</param>
    /// <exception cref="RefusedException"><see cref="Refusal.OutputNotFinite"/>, <see cref="Refusal.OutputNotText"/>.</exception>
    public void JsonOutput(string name, ElementType type, in TensorShape shape, ReadOnlySpan<byte> data)
    {
        BeginOutput(name, type, shape);
        if (type == ElementType.Bytes)
        {
            WriteStrings(data);
        }
        else
        {
            WriteNumbers(type, data);
        }

        _json.WriteEndObject();
    }

    /// <summary>Ends the head. Returns its length in bytes.</summary>
    public long End()
    {
        _json.WriteEndArray();
        _json.WriteEndObject();
        _json.Flush();
        long length = _json.BytesCommitted + _beside;
        _output = null;

        // A pooled writer does not hold on to one answer's memory until the next.
        _json.Reset(Idle.Instance);
        return length;
    }

    public void Dispose() => _json.Dispose();

    private void BeginOutput(string name, ElementType type, in TensorShape shape)
    {
        _json.WriteStartObject();
        _json.WriteString("name"u8, name);
        _json.WriteString("datatype"u8, type.WireName());
        _json.WriteStartArray("shape"u8);
        foreach (long dimension in shape.Span)
        {
            _json.WriteNumberValue(dimension);
        }

        _json.WriteEndArray();
    }

    /// <summary>Numbers pass the JSON writer by: it commits what it has, they follow, and it goes on behind them.</summary>
    private void WriteNumbers(ElementType type, ReadOnlySpan<byte> data)
    {
        _json.WritePropertyName("data"u8);
        _json.Flush();
        IBufferWriter<byte> output = _output!;
        output.Write("["u8);
        _beside += 2 + JsonTensorWriter.Write(output, type, data);
        output.Write("]"u8);
    }

    private void WriteStrings(ReadOnlySpan<byte> data)
    {
        _json.WriteStartArray("data"u8);
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

            _json.WriteStringValue(element);
        }

        _json.WriteEndArray();
    }

    private void WriteParameters(ReadOnlySpan<ResponseParameter> parameters)
    {
        _json.WriteStartObject("parameters"u8);
        foreach (ref readonly ResponseParameter parameter in parameters)
        {
            switch (parameter.Kind)
            {
                case InferParameterKind.Text when parameter.Text is null:
                    _json.WritePropertyName(parameter.Name);
                    WriteSecret(parameter.Utf8.Span);
                    break;
                case InferParameterKind.Text:
                    _json.WriteString(parameter.Name, parameter.Text);
                    break;
                case InferParameterKind.Integer:
                    _json.WriteNumber(parameter.Name, parameter.Bits);
                    break;
                case InferParameterKind.UnsignedInteger:
                    _json.WriteNumber(parameter.Name, (ulong)parameter.Bits);
                    break;
                case InferParameterKind.Real:
                    _json.WriteNumber(parameter.Name, BitConverter.Int64BitsToDouble(parameter.Bits));
                    break;
                default:
                    _json.WriteBoolean(parameter.Name, parameter.Bits != 0);
                    break;
            }
        }

        _json.WriteEndObject();
    }

    // The library's writer escapes in memory of a pool that nobody clears.
    private void WriteSecret(ReadOnlySpan<byte> text)
    {
        byte[] escaped = GC.AllocateUninitializedArray<byte>((2 * text.Length) + 2, pinned: true);
        try
        {
            int length = 0;
            escaped[length++] = (byte)'"';
            foreach (byte one in text)
            {
                if (one is (byte)'"' or (byte)'\\')
                {
                    escaped[length++] = (byte)'\\';
                }

                escaped[length++] = one;
            }

            escaped[length++] = (byte)'"';
            _json.WriteRawValue(escaped.AsSpan(0, length), skipInputValidation: true);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(escaped);
        }
    }

    /// <summary>Where the writer points between responses.</summary>
    private sealed class Idle : IBufferWriter<byte>
    {
        public static readonly Idle Instance = new();

        public void Advance(int count)
        {
            if (count != 0)
            {
                throw new InvalidOperationException("a response is written before it has begun");
            }
        }

        public Memory<byte> GetMemory(int sizeHint = 0) => throw new InvalidOperationException("a response is written before it has begun");

        public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
    }
}
