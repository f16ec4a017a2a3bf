using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace EdgeDaemon.Benchmarks.Bare;

/// <summary>
/// gRPC's ModelInfer by hand, raw contents both ways: the message into a pooled array, the tensor from where it lies there, the answer in
/// one piece before the trailers, without a flush of its own, as the framework's gRPC does it. Of the request it reads the raw contents,
/// and nothing else. Without lanes it answers whatever lies there, and what is left is the price of Kestrel's HTTP/2 itself.
/// </summary>
internal sealed class GrpcEndpoint
{
    private const int PrefixBytes = 5;
    private const int LargestMessage = 16 << 20;
    private const int Varint = 0, Fixed64 = 1, Delimited = 2, Fixed32 = 5;

    private readonly Model _model;
    private readonly Lanes? _lanes;
    private readonly byte[] _answerHead;

    public GrpcEndpoint(Model model, Lanes? lanes)
    {
        _model = model;
        _lanes = lanes;
        _answerHead = AnswerHead(model);
    }

    public async Task Handle(HttpContext context)
    {
        context.Response.ContentType = "application/grpc";
        byte[] message = [];
        byte[] output = ArrayPool<byte>.Shared.Rent(_model.OutputItemBytes);
        try
        {
            PipeReader body = context.Request.BodyReader;
            ReadResult read = await body.ReadAtLeastAsync(PrefixBytes, context.RequestAborted);
            int length = Length(read.Buffer);
            if (length < 0)
            {
                context.Response.AppendTrailer("grpc-status", "3");
                return;
            }

            message = ArrayPool<byte>.Shared.Rent(length);
            int filled = 0;
            ReadOnlySequence<byte> rest = read.Buffer.Slice(PrefixBytes);
            while (true)
            {
                rest.CopyTo(message.AsSpan(filled));
                filled += (int)rest.Length;
                body.AdvanceTo(rest.End);
                if (filled == length || read.IsCompleted)
                {
                    break;
                }

                read = await body.ReadAsync(context.RequestAborted);
                rest = read.Buffer;
            }

            if (!TryFindTensor(message.AsSpan(0, filled), out Range tensor))
            {
                context.Response.AppendTrailer("grpc-status", "3");
                return;
            }

            if (_lanes is not null)
            {
                await _lanes.RunAsync(message.AsMemory(tensor), output, 1, context.RequestAborted);
            }

            Write(context.Response.BodyWriter, output.AsSpan(0, _model.OutputItemBytes));
            context.Response.AppendTrailer("grpc-status", "0");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(output);
            if (message.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(message);
            }
        }
    }

    private static int Length(in ReadOnlySequence<byte> bytes)
    {
        Span<byte> prefix = stackalloc byte[PrefixBytes];
        if (bytes.Length < PrefixBytes)
        {
            return -1;
        }

        bytes.Slice(0, PrefixBytes).CopyTo(prefix);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        return prefix[0] == 0 && length <= LargestMessage ? (int)length : -1;
    }

    private bool TryFindTensor(ReadOnlySpan<byte> message, out Range tensor)
    {
        int at = 0;
        while (at < message.Length)
        {
            ulong key = ReadVarint(message, ref at);
            ulong value = (key & 7) is Varint or Delimited ? ReadVarint(message, ref at) : 0;
            long length = (key & 7) switch { Varint => 0, Fixed64 => 8, Fixed32 => 4, Delimited => (long)value, _ => -1 };
            if (length < 0 || length > message.Length - at)
            {
                break;
            }

            if (key >> 3 == 7)
            {
                tensor = at..(at + (int)length);
                return length == _model.InputItemBytes;
            }

            at += (int)length;
        }

        tensor = default;
        return false;
    }

    private void Write(PipeWriter writer, ReadOnlySpan<byte> output)
    {
        int length = _answerHead.Length + output.Length;
        Span<byte> room = writer.GetSpan(PrefixBytes + length);
        room[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(room[1..], length);
        _answerHead.CopyTo(room[PrefixBytes..]);
        output.CopyTo(room[(PrefixBytes + _answerHead.Length)..]);
        writer.Advance(PrefixBytes + length);
    }

    /// <summary>ModelInferResponse up to the bytes of its only raw_output_contents: the same for every answer.</summary>
    private static byte[] AnswerHead(Model model)
    {
        var shape = new List<byte>();
        foreach (long dimension in model.OutputShape(1))
        {
            WriteVarint(shape, (ulong)dimension);
        }

        var output = new List<byte>();
        WriteField(output, 1, Encoding.UTF8.GetBytes(Marshal.PtrToStringUTF8(model.OutputName)!));
        WriteField(output, 2, "FP32"u8);
        WriteField(output, 3, CollectionsMarshal.AsSpan(shape));

        var head = new List<byte>();
        WriteField(head, 1, "bare"u8);
        WriteField(head, 5, CollectionsMarshal.AsSpan(output));
        WriteVarint(head, (6 << 3) | Delimited);
        WriteVarint(head, (ulong)model.OutputItemBytes);
        return [.. head];
    }

    private static void WriteField(List<byte> bytes, int field, ReadOnlySpan<byte> value)
    {
        WriteVarint(bytes, (ulong)((field << 3) | Delimited));
        WriteVarint(bytes, (ulong)value.Length);
        bytes.AddRange(value);
    }

    private static void WriteVarint(List<byte> bytes, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }

        bytes.Add((byte)value);
    }

    private static ulong ReadVarint(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; at < bytes.Length && shift < 64; shift += 7)
        {
            byte next = bytes[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                break;
            }
        }

        return value;
    }
}
