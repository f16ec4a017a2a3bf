using System.Text;

namespace EdgeDaemon.Core.Protocol;

/// <summary>
/// The head of one inference request, filled by <see cref="InferRequestReader"/>. Made to be pooled: after the first
/// requests, reading another allocates nothing. Spans and entries are valid until <see cref="Reset"/>. Not thread-safe.
/// </summary>
public sealed class InferRequest
{
    private const int FirstText = 512;
    private const int MostKeptText = 64 * 1024;

    private byte[] _text = new byte[FirstText];
    private int _textLength;
    private InferInput[] _inputs = [];
    private InferOutput[] _outputs = [];
    private InferParameter[] _parameters = [];
    private int _inputCount;
    private int _outputCount;
    private int _parameterCount;
    private TextRange _id;
    private TextRange _modelName;
    private TextRange _modelVersion;

    /// <summary>The model that the request itself names (gRPC); empty where its path does (REST). UTF-8, nothing else is checked.</summary>
    public ReadOnlySpan<byte> ModelName => Text(_modelName);

    /// <summary>The version that the request itself names; empty asks for the one that is served.</summary>
    public ReadOnlySpan<byte> ModelVersion => Text(_modelVersion);

    /// <summary>True when the request carried an <c>id</c>, which may be empty and must then come back as it is.</summary>
    public bool HasId { get; private set; }

    /// <summary>UTF-8; empty without an id. Chosen by the caller: escape it wherever it is shown.</summary>
    public ReadOnlySpan<byte> Id => Text(_id);

    public ReadOnlySpan<InferInput> Inputs => _inputs.AsSpan(0, _inputCount);

    /// <summary>The outputs asked for, none repeated; empty asks for all.</summary>
    public ReadOnlySpan<InferOutput> Outputs => _outputs.AsSpan(0, _outputCount);

    /// <summary>The parameter <c>binary_data_output</c>; null when it is absent.</summary>
    public bool? BinaryDataOutput { get; internal set; }

    /// <summary>Request parameters with a string, number or boolean value, none repeated, without <c>binary_data_output</c>.</summary>
    public ReadOnlySpan<InferParameter> Parameters => _parameters.AsSpan(0, _parameterCount);

    /// <summary>The parameter of that name, whatever its kind; unknown parameters stay unread.</summary>
    public bool TryGetParameter(ReadOnlySpan<byte> name, out InferParameter parameter)
    {
        foreach (ref readonly InferParameter candidate in Parameters)
        {
            if (ParameterName(candidate).SequenceEqual(name))
            {
                parameter = candidate;
                return true;
            }
        }

        parameter = default;
        return false;
    }

    public ReadOnlySpan<byte> ParameterName(in InferParameter parameter) => Text(parameter.NameRange);

    /// <summary>The UTF-8 value of a <see cref="InferParameterKind.Text"/> parameter.</summary>
    public ReadOnlySpan<byte> ParameterText(in InferParameter parameter) => Text(parameter.TextRange);

    /// <summary>The id as a string: allocates, for logs and records.</summary>
    public string IdText() => Encoding.UTF8.GetString(Id);

    /// <summary>Forgets the request; what a caller wrote is zeroed, since the next request may be another tenant's.</summary>
    public void Reset()
    {
        _text.AsSpan(0, _textLength).Clear();
        if (_text.Length > MostKeptText)
        {
            // One large head must not stay with its connection for good.
            _text = new byte[FirstText];
        }

        _textLength = 0;
        _inputCount = 0;
        _outputCount = 0;
        _parameters.AsSpan(0, _parameterCount).Clear();
        _parameterCount = 0;
        _id = default;
        _modelName = default;
        _modelVersion = default;
        HasId = false;
        BinaryDataOutput = null;
    }

    internal ReadOnlySpan<byte> Text(TextRange range) => _text.AsSpan(range.Start, range.Length);

    /// <summary>Room for text of at most <paramref name="length"/> bytes; <see cref="KeepText"/> keeps what was written.</summary>
    internal Span<byte> ReserveText(int length)
    {
        if (_text.Length - _textLength < length)
        {
            byte[] larger = new byte[Math.Max(_text.Length * 2, _textLength + length)];
            _text.AsSpan(0, _textLength).CopyTo(larger);
            _text.AsSpan(0, _textLength).Clear();
            _text = larger;
        }

        return _text.AsSpan(_textLength, length);
    }

    internal TextRange KeepText(int length)
    {
        var range = new TextRange(_textLength, length);
        _textLength += length;
        return range;
    }

    internal void SetId(TextRange id)
    {
        _id = id;
        HasId = true;
    }

    internal void SetModelName(TextRange name) => _modelName = name;

    internal void SetModelVersion(TextRange version) => _modelVersion = version;

    internal InferInput AddInput()
    {
        if (_inputCount == _inputs.Length)
        {
            Array.Resize(ref _inputs, Math.Max(4, _inputs.Length * 2));
        }

        InferInput input = _inputs[_inputCount++] ??= new InferInput(this);
        input.Reset();
        return input;
    }

    internal InferOutput AddOutput()
    {
        if (_outputCount == _outputs.Length)
        {
            Array.Resize(ref _outputs, Math.Max(4, _outputs.Length * 2));
        }

        InferOutput output = _outputs[_outputCount++] ??= new InferOutput(this);
        output.Reset();
        return output;
    }

    internal void AddParameter(in InferParameter parameter)
    {
        if (_parameterCount == _parameters.Length)
        {
            Array.Resize(ref _parameters, Math.Max(4, _parameters.Length * 2));
        }

        _parameters[_parameterCount++] = parameter;
    }

    /// <summary>Gives a parameter that is there already another value, or takes it away (null).</summary>
    internal bool ReplaceParameter(ReadOnlySpan<byte> name, InferParameter? value)
    {
        for (int i = 0; i < _parameterCount; i++)
        {
            if (ParameterName(_parameters[i]).SequenceEqual(name))
            {
                if (value is { } replacement)
                {
                    _parameters[i] = replacement;
                }
                else
                {
                    _parameters.AsSpan(i + 1, --_parameterCount - i).CopyTo(_parameters.AsSpan(i));
                }

                return true;
            }
        }

        return false;
    }
}
