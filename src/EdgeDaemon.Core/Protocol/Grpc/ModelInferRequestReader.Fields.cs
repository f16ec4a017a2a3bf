using System.Buffers.Binary;

namespace EdgeDaemon.Core.Protocol.Grpc;

/// <content>What each field of each message is: collected, skipped, a message of its own, or tensor data.</content>
public sealed partial class ModelInferRequestReader
{
    private void BeginField(ulong tag)
    {
        (_field, WireType wire) = WireFormat.Tag(tag);
        if (!IsElement(_field) && ++_fields > MostFields)
        {
            RefusedException.Throw(Refusal.HeadTooManyFields, $"more than {MostFields} fields");
        }

        switch (wire)
        {
            case WireType.Varint:
                _expect = Expect.Number;
                break;
            case WireType.Delimited:
                _expect = Expect.Length;
                break;
            default:
                int size = wire == WireType.Fixed32 ? 4 : 8;
                if (size > RestOfLevel)
                {
                    WireFormat.Malformed("a field reaches beyond its message");
                }

                if (_level == Level.Contents && ((_field == Float32Contents && size == 4) || (_field == Float64Contents && size == 8)))
                {
                    BeginElements(size);
                }
                else
                {
                    Begin(Expect.Skip, size);
                }

                break;
        }
    }

    private void Number(ulong number)
    {
        if (_level == Level.Tensor && _field == TensorShapeField)
        {
            AddDimension(number);
        }
        else if (_level == Level.Contents && _field is >= BoolContents and <= UInt64Contents)
        {
            Span<byte> room = MemoryFor(_field).GetSpan(sizeof(ulong));
            int size = Store(_field, number, room);
            Typed.Memory!.Advance(size);
            Typed.Elements++;
        }
    }

    // A length is held against the message around it before anything is taken for it.
    private void BeginContent(ulong length)
    {
        if (length > (ulong)RestOfLevel)
        {
            WireFormat.Malformed("a length reaches beyond its message");
        }

        long bytes = (long)length;
        switch (_level)
        {
            case Level.Request:
                BeginRequestContent(bytes);
                break;
            case Level.Tensor:
                BeginTensorContent(bytes);
                break;
            default:
                BeginContentsContent(bytes);
                break;
        }
    }

    private void BeginRequestContent(long length)
    {
        switch (_field)
        {
            case RequestModelName or RequestModelVersion:
                BeginCollect(length, _limits.MaxNameBytes, Refusal.HeadNameTooLong);
                break;
            case RequestId:
                BeginCollect(length, _limits.MaxIdBytes, Refusal.HeadIdTooLong);
                break;
            case RequestParameters or RequestOutputs:
                BeginCollect(length, MostCollected, Refusal.HeadTooLarge);
                break;
            case RequestInputs:
                BeginTensor();
                Descend(Level.Tensor, length);
                break;
            case RequestRawContents:
                _target = AddRaw();
                Begin(Expect.Data, length);
                break;
            default:
                Begin(Expect.Skip, length);
                break;
        }
    }

    private void BeginTensorContent(long length)
    {
        switch (_field)
        {
            case TensorName:
                BeginCollect(length, _limits.MaxNameBytes, Refusal.HeadNameTooLong);
                break;
            case TensorDatatype:
                BeginCollect(length, LongestDatatype, Refusal.InputUnknownType);
                break;
            case TensorShapeField:
                BeginCollect(length, LongestShape, Refusal.InputWrongShape);
                break;
            case TensorParameters:
                BeginCollect(length, MostCollected, Refusal.HeadTooLarge);
                break;
            case TensorContents:
                Typed.HasContents = true;
                Descend(Level.Contents, length);
                break;
            default:
                Begin(Expect.Skip, length);
                break;
        }
    }

    private void BeginContentsContent(long length)
    {
        switch (_field)
        {
            case >= BoolContents and <= UInt64Contents when length > 0:
                MemoryFor(_field);
                Descend(Level.Packed, length);
                _expect = Expect.Elements;
                break;
            case Float32Contents or Float64Contents when length > 0:
                BeginElements(length);
                break;
            case BytesContents:
                ITensorMemory target = MemoryFor(_field);
                BinaryPrimitives.WriteUInt32LittleEndian(target.GetSpan(BytesTensor.LengthSize), (uint)length);
                target.Advance(BytesTensor.LengthSize);
                Typed.Elements++;
                _target = target;
                Begin(Expect.Data, length);
                break;
            default:
                Begin(Expect.Skip, length);
                break;
        }
    }

    private void BeginElements(long length)
    {
        int size = _field == Float32Contents ? sizeof(float) : sizeof(double);
        if (length % size != 0)
        {
            WireFormat.Malformed("packed numbers end in the middle of one");
        }

        _target = MemoryFor(_field);
        Typed.Elements += length / size;
        Begin(Expect.Data, length);
    }

    private void BeginCollect(long length, int most, Refusal tooLong)
    {
        _headBytes += length;
        if (length > most || _headBytes > _limits.MaxHeadBytes)
        {
            RefusedException.Throw(length > most ? tooLong : Refusal.HeadTooLarge, $"field {_field} of {length} bytes, at most {most}; {_limits.MaxHeadBytes} for all");
        }

        _collected.AsSpan(0, _collectedLength).Clear();
        _collectedLength = 0;
        if (length > _collected.Length)
        {
            _collected = new byte[MostCollected];
        }

        Begin(Expect.Collect, length);
    }
}
