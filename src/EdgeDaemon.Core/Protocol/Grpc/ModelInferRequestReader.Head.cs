using System.Text.Unicode;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Protocol.Grpc;

/// <content>The fields of the head: names, shapes, parameters, outputs.</content>
public sealed partial class ModelInferRequestReader
{
    private const int RequestModelName = 1;
    private const int RequestModelVersion = 2;
    private const int RequestId = 3;
    private const int RequestParameters = 4;
    private const int RequestInputs = 5;
    private const int RequestOutputs = 6;
    private const int RequestRawContents = 7;

    private const int TensorName = 1;
    private const int TensorDatatype = 2;
    private const int TensorShapeField = 3;
    private const int TensorParameters = 4;
    private const int TensorContents = 5;

    private const int LongestDatatype = 16;

    // Each dimension as wide as protobuf lets a number be.
    private const int LongestShape = TensorShape.MaxRank * WireFormat.MostVarintBytes;

    private bool? _typeKnown;

    private void RequestField(ReadOnlySpan<byte> content)
    {
        switch (_field)
        {
            case RequestModelName:
                _into.SetModelName(Keep(Text(content)));
                break;
            case RequestModelVersion:
                _into.SetModelVersion(Keep(Text(content)));
                break;
            case RequestId:
                _into.SetId(Keep(Text(content)));
                break;
            case RequestParameters:
                Parameter(content);
                break;
            default:
                Output(content);
                break;
        }
    }

    private void BeginTensor()
    {
        if (_into.Inputs.Length == _limits.MaxTensors)
        {
            Refuse(Refusal.HeadTooManyTensors, $"more than {_limits.MaxTensors} inputs");
        }

        _into.AddInput();
        _typeKnown = null;
        AddTyped();
    }

    private void TensorField(ReadOnlySpan<byte> content)
    {
        InferInput input = _into.Inputs[^1];
        switch (_field)
        {
            case TensorName:
                input.NameRange = Keep(Text(content));
                break;
            case TensorDatatype:
                // Whether it is one of ours matters when it turns out to be the last that was given.
                _typeKnown = ElementTypes.TryParse(Text(content), out ElementType type) ? true : content.IsEmpty ? null : false;
                input.Type = type;
                break;
            case TensorShapeField:
                while (!content.IsEmpty)
                {
                    AddDimension(ProtobufCursor.Varint(ref content));
                }

                break;
            default:
                InferRequestReader.RefuseSharedMemory(ParameterEntry.Read(content).Name);
                break;
        }
    }

    private void AddDimension(ulong value)
    {
        if ((long)value < 0)
        {
            Refuse(Refusal.InputWrongShape, "shape holds a negative dimension");
        }

        if (!_into.Inputs[^1].MutableShape.TryAdd((long)value))
        {
            Refuse(Refusal.InputWrongShape, $"shape holds more than {TensorShape.MaxRank} dimensions");
        }
    }

    private void EndTensor()
    {
        InferInput input = _into.Inputs[^1];
        CheckName(input.Name);
        if (_typeKnown is not true)
        {
            Refuse(_typeKnown is null ? Refusal.HeadMissingField : Refusal.InputUnknownType, "an input without a datatype of the protocol's");
        }

        foreach (InferInput other in _into.Inputs[..^1])
        {
            if (other.NameIs(input.Name))
            {
                Refuse(Refusal.InputDuplicate, $"input '{input.NameText()}' is given twice");
            }
        }
    }

    private void Output(ReadOnlySpan<byte> content)
    {
        if (_into.Outputs.Length == _limits.MaxTensors)
        {
            Refuse(Refusal.HeadTooManyTensors, $"more than {_limits.MaxTensors} outputs");
        }

        ReadOnlySpan<byte> name = default;
        bool classified = false;
        var cursor = new ProtobufCursor(content);
        while (cursor.Next())
        {
            if (cursor.Is(1, WireType.Delimited))
            {
                name = cursor.Text();
            }
            else if (cursor.Is(2, WireType.Delimited))
            {
                ParameterEntry entry = ParameterEntry.Read(cursor.Content);
                InferRequestReader.RefuseSharedMemory(entry.Name);
                if (entry.Name.SequenceEqual("classification"u8))
                {
                    classified = entry.Kind is not null && (entry.Kind is not (InferParameterKind.Integer or InferParameterKind.UnsignedInteger) || entry.Bits != 0);
                }
            }
        }

        if (name.Length > _limits.MaxNameBytes)
        {
            Refuse(Refusal.HeadNameTooLong, $"an output's name is longer than {_limits.MaxNameBytes} bytes");
        }

        CheckName(name);
        if (classified)
        {
            // An answer that ignored it would be of another type than the caller expects.
            Refuse(Refusal.HeadParameterUnsupported, "the classification extension is not served");
        }

        foreach (InferOutput other in _into.Outputs)
        {
            if (other.NameIs(name))
            {
                Refuse(Refusal.OutputDuplicate, $"output '{other.NameText()}' is asked for twice");
            }
        }

        _into.AddOutput().NameRange = Keep(name);
    }

    private void Parameter(ReadOnlySpan<byte> content)
    {
        ParameterEntry entry = ParameterEntry.Read(content);
        if (entry.Text.Length > _limits.MaxParameterTextBytes)
        {
            Refuse(Refusal.HeadTooLarge, $"a parameter is longer than {_limits.MaxParameterTextBytes} bytes");
        }

        if (entry.Name.IsEmpty || entry.Name.Length > _limits.MaxNameBytes || entry.Name.SequenceEqual("binary_data_output"u8))
        {
            return;
        }

        if (entry.Kind is not { } kind)
        {
            _into.ReplaceParameter(entry.Name, null);
            return;
        }

        var parameter = new InferParameter(Keep(entry.Name), kind, entry.Bits, Keep(entry.Text));
        if (_into.ReplaceParameter(entry.Name, parameter))
        {
            return; // A map: the last value of a key is its value.
        }

        if (_into.Parameters.Length == _limits.MaxParameters)
        {
            Refuse(Refusal.HeadTooManyParameters, $"more than {_limits.MaxParameters} request parameters");
        }

        _into.AddParameter(parameter);
    }

    private TextRange Keep(ReadOnlySpan<byte> text)
    {
        text.CopyTo(_into.ReserveText(text.Length));
        return _into.KeepText(text.Length);
    }

    private static void CheckName(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty)
        {
            Refuse(Refusal.HeadMissingField, "a tensor without a name");
        }

        if (name.ContainsAnyInRange((byte)0, (byte)0x1f) || name.Contains((byte)0x7f))
        {
            Refuse(Refusal.InputTextInvalid, "a tensor's name holds control characters");
        }
    }

    private static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> content)
    {
        if (!Utf8.IsValid(content))
        {
            WireFormat.Malformed("a string is not UTF-8");
        }

        return content;
    }
}
