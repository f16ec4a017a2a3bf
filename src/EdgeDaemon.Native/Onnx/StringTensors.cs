using System.Buffers.Binary;
using System.Runtime.InteropServices;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Native.Onnx;

/// <summary>
/// String tensors against the protocol's BYTES: each element a 4-byte little-endian length and that many bytes. The library
/// keeps one C++ string an element, so these are copied, both ways.
/// </summary>
internal static unsafe class StringTensors
{
    private const int LengthBytes = 4;

    /// <summary>A string tensor of the elements in <paramref name="wire"/>; the caller releases it.</summary>
    /// <exception cref="ArgumentException">The elements are not as many as <paramref name="shape"/> says, or cut short.</exception>
    public static nint Create(OrtApi api, in TensorShape shape, ReadOnlySpan<byte> wire)
    {
        if (!shape.TryElementCount(out long count))
        {
            throw new ArgumentException($"{shape} is no shape of a tensor.", nameof(shape));
        }

        nint value;
        fixed (long* dimensions = shape.Span)
        {
            api.Check(
                api.CreateTensorAsOrtValue(api.DefaultAllocator(), dimensions, (nuint)shape.Rank, OnnxElementTypes.Of(ElementType.Bytes), &value),
                "create a string tensor");
        }

        try
        {
            for (long i = 0; i < count; i++)
            {
                if (wire.Length < LengthBytes || BinaryPrimitives.ReadUInt32LittleEndian(wire) > wire.Length - LengthBytes)
                {
                    throw new ArgumentException($"BYTES end within element {i} of {count}.", nameof(wire));
                }

                int length = BinaryPrimitives.ReadInt32LittleEndian(wire);
                byte* element;
                api.Check(api.GetResizedStringTensorElementBuffer(value, (nuint)i, (nuint)length, &element), "fill a string tensor");
                wire.Slice(LengthBytes, length).CopyTo(new Span<byte>(element, length));
                wire = wire[(LengthBytes + length)..];
            }

            return wire.IsEmpty ? value : throw new ArgumentException($"BYTES go on after element {count}.", nameof(wire));
        }
        catch
        {
            Release(api, value, count);
            throw;
        }
    }

    /// <summary>The elements of a string tensor in wire form; the caller returns the block.</summary>
    /// <exception cref="RefusedException">Larger than a block can be, or than the pool's budget.</exception>
    public static TensorBlock Read(OrtApi api, nint value, long count, TensorBlockPool pool, TensorAccount? account)
    {
        nuint textBytes;
        api.Check(api.GetStringTensorDataLength(value, &textBytes), "measure a string output");
        long wireBytes = (long)textBytes + (LengthBytes * count);
        if (wireBytes > int.MaxValue)
        {
            throw new RefusedException(Refusal.OutputTooLarge, $"a string output has {wireBytes} bytes");
        }

        TensorBlock wire = pool.Rent(wireBytes, account);
        try
        {
            Fill(api, value, (int)count, (int)textBytes, wire);
            return wire;
        }
        catch
        {
            wire.Return();
            throw;
        }
    }

    /// <summary>
    /// Zeroes the elements' text where the library keeps it, before it frees it uncleared, and releases the value. (What its operators copied on the way is
    /// out of reach.)
    /// </summary>
    public static void Release(OrtApi api, nint value, long count)
    {
        for (long i = 0; i < count && TryClear(api, value, (nuint)i); i++)
        {
        }

        api.ReleaseValue(value);
    }

    // Asking for a buffer of the element's own length gives the very one that it has.
    private static bool TryClear(OrtApi api, nint value, nuint index)
    {
        nuint length;
        byte* element;
        void* status = api.GetStringTensorElementLength(value, index, &length);
        if (status is null)
        {
            status = api.GetResizedStringTensorElementBuffer(value, index, length, &element);
            if (status is null)
            {
                Clearing.Zero(element, length);
                return true;
            }
        }

        _ = api.Failure(status, "clear a string tensor"); // Nothing can be made of it here, and the value goes.
        return false;
    }

    // The text goes to the end of the block, then forward element by element: a length before each never overtakes it.
    private static void Fill(OrtApi api, nint value, int count, int textBytes, TensorBlock wire)
    {
        if (count == 0)
        {
            return;
        }

        nuint* offsets = (nuint*)NativeMemory.Alloc((nuint)count, (nuint)sizeof(nuint));
        try
        {
            byte* text = wire.Address + (LengthBytes * count);
            api.Check(api.GetStringTensorContent(value, text, (nuint)textBytes, offsets, (nuint)count), "read a string output");
            Span<byte> to = wire.GetSpan();
            for (int i = 0; i < count; i++)
            {
                int start = (int)offsets[i];
                int length = (i + 1 < count ? (int)offsets[i + 1] : textBytes) - start;
                new ReadOnlySpan<byte>(text + start, length).CopyTo(to[(LengthBytes + start)..]);
                BinaryPrimitives.WriteInt32LittleEndian(to[start..], length);
                to = to[LengthBytes..]; // The next element lies one length further on than in the bare text.
            }
        }
        finally
        {
            NativeMemory.Free(offsets);
        }
    }
}
