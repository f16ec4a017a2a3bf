using System.Diagnostics.CodeAnalysis;

namespace EdgeDaemon.Core.Protocol.Grpc;

/// <summary>
/// Takes a ModelInferRequest apart while it arrives, in pieces of any size: the head into an <see cref="InferRequest"/>, tensor data
/// straight to where they will be used. Pooled and used by one request at a time. The law: GRPC.md.
/// </summary>
/// <param name="memory">A new place for the data of one tensor; whoever gave it takes it back.</param>
public sealed partial class ModelInferRequestReader(Func<ITensorMemory> memory)
{
    /// <summary>Fields that are looked at in one message, elements of contents not counted: an empty field takes two bytes.</summary>
    public const int MostFields = 16384;

    private const int MostCollected = 16 * 1024;
    private const int KeptCollected = 1024;

    /// <summary>What the next byte belongs to.</summary>
    private enum Expect
    {
        Tag,
        Number,
        Length,
        Collect,
        Skip,
        Data,
        Elements,
    }

    /// <summary>Messages within messages; nothing nests deeper.</summary>
    private enum Level
    {
        Request,
        Tensor,
        Contents,
        Packed,
    }

    private readonly long[] _ends = new long[4];
    private byte[] _collected = new byte[KeptCollected];
    private InferRequest _into = null!;
    private ProtocolLimits _limits = ProtocolLimits.Default;
    private Expect _expect;
    private Level _level;
    private long _at;
    private int _field;
    private ulong _varint;
    private int _shift;
    private long _left;
    private int _collectedLength;
    private int _fields;
    private long _headBytes;
    private ITensorMemory? _target;

    /// <summary>Bytes of the message that have not been fed yet.</summary>
    public long Remaining => _ends[0] - _at;

    private long RestOfLevel => _ends[(int)_level] - _at;

    /// <summary>Starts a message of so many bytes; <paramref name="into"/> is reset.</summary>
    public void Begin(InferRequest into, ProtocolLimits limits, long length)
    {
        Reset();
        into.Reset();
        _into = into;
        _limits = limits;
        _ends[0] = length;
    }

    /// <summary>The next bytes of the message, at most <see cref="Remaining"/>.</summary>
    /// <exception cref="RefusedException">The message breaks a rule.</exception>
    public void Feed(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes.Length, Remaining);
        while (!bytes.IsEmpty)
        {
            switch (_expect)
            {
                case Expect.Tag:
                    if (TryVarint(ref bytes, out ulong tag))
                    {
                        BeginField(tag);
                    }

                    break;
                case Expect.Number:
                    if (TryVarint(ref bytes, out ulong number))
                    {
                        Number(number);
                        NextField();
                    }

                    break;
                case Expect.Length:
                    if (TryVarint(ref bytes, out ulong length))
                    {
                        BeginContent(length);
                    }

                    break;
                case Expect.Elements:
                    Elements(ref bytes);
                    break;
                default:
                    Content(ref bytes);
                    break;
            }
        }
    }

    /// <summary>After a refusal in the middle: what is still to come will be skipped.</summary>
    public void Abandon()
    {
        _level = Level.Request;
        _shift = 0;
        _varint = 0;
        Begin(Expect.Skip, Remaining);
    }

    /// <summary>After the last byte: what only the whole message can tell.</summary>
    /// <exception cref="RefusedException">The message breaks a rule.</exception>
    public void End()
    {
        if (Remaining != 0 || _expect != Expect.Tag || _level != Level.Request || _shift != 0)
        {
            WireFormat.Malformed("the message ends in the middle of a field");
        }

        Conclude();
    }

    /// <summary>Forgets the message and where its tensors went.</summary>
    public void Reset()
    {
        _collected.AsSpan(0, _collectedLength).Clear();
        if (_collected.Length > KeptCollected)
        {
            _collected = new byte[KeptCollected]; // A reader stays with its stream: one long field must not.
        }

        ForgetTensors();
        Array.Clear(_ends);
        _expect = Expect.Tag;
        _level = Level.Request;
        _at = _left = _headBytes = 0;
        _varint = 0;
        _shift = _fields = _collectedLength = 0;
        _target = null;
    }

    private void Begin(Expect expect, long length)
    {
        _expect = expect;
        _left = length;
        if (length == 0)
        {
            EndContent();
        }
    }

    private void Content(ref ReadOnlySpan<byte> bytes)
    {
        int take = (int)Math.Min(bytes.Length, _left);
        if (_expect == Expect.Data)
        {
            // Asked for all that is to come: the place is taken once, in its final size.
            Span<byte> room = _target!.GetSpan((int)Math.Min(_left, int.MaxValue));
            take = Math.Min(take, room.Length);
            bytes[..take].CopyTo(room);
            _target.Advance(take);
        }
        else if (_expect == Expect.Collect)
        {
            bytes[..take].CopyTo(_collected.AsSpan(_collectedLength));
            _collectedLength += take;
        }

        bytes = bytes[take..];
        _at += take;
        _left -= take;
        if (_left == 0)
        {
            EndContent();
        }
    }

    private void EndContent()
    {
        if (_expect == Expect.Collect)
        {
            ReadOnlySpan<byte> content = _collected.AsSpan(0, _collectedLength);
            if (_level == Level.Request)
            {
                RequestField(content);
            }
            else
            {
                TensorField(content);
            }
        }

        NextField();
    }

    private void Descend(Level level, long length)
    {
        _level = level;
        _ends[(int)level] = _at + length;
        NextField();
    }

    // A message ends where its length said, and the one around it may end there, too.
    private void NextField()
    {
        _expect = Expect.Tag;
        while (_level != Level.Request && _level != Level.Packed && RestOfLevel == 0)
        {
            if (_level == Level.Tensor)
            {
                EndTensor();
            }

            _level--;
        }
    }

    /// <summary>A varint, which may arrive in pieces; false when these bytes do not end it.</summary>
    private bool TryVarint(ref ReadOnlySpan<byte> bytes, out ulong value)
    {
        long room = RestOfLevel;
        int taken = 0;
        while (taken < bytes.Length)
        {
            if (taken == room)
            {
                WireFormat.Malformed("a number reaches beyond its message");
            }

            byte part = bytes[taken++];
            if (_shift == 63 && part > 1)
            {
                WireFormat.Malformed("a varint has more than 64 bits");
            }

            _varint |= (ulong)(part & 0x7F) << _shift;
            if (part < 0x80)
            {
                value = _varint;
                _varint = 0;
                _shift = 0;
                _at += taken;
                bytes = bytes[taken..];
                return true;
            }

            _shift += 7;
        }

        _at += taken;
        bytes = default;
        value = 0;
        return false;
    }

    private bool IsElement(int field) => _level == Level.Contents && field is >= BoolContents and <= BytesContents;

    [DoesNotReturn]
    private static void Refuse(Refusal refusal, string detail) => RefusedException.Throw(refusal, detail);
}
