using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Protocol;

/// <summary>Where the binary tensors of a request lie in its body: behind the head, in the order of the inputs, without gaps.</summary>
public static class BinaryBody
{
    /// <summary>The body's length is not known yet (chunked transfer): the caller compares what arrives with the plan's result.</summary>
    public const long UnknownLength = -1;

    /// <summary>Refuses a head that is longer than its body; before any of it is buffered.</summary>
    /// <exception cref="RefusedException"><see cref="Refusal.HeadLengthBeyondBody"/>.</exception>
    public static void CheckHead(long headLength, long bodyLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(headLength);
        if (bodyLength != UnknownLength && headLength > bodyLength)
        {
            RefusedException.Throw(Refusal.HeadLengthBeyondBody, $"head of {headLength} bytes in a body of {bodyLength}");
        }
    }

    /// <summary>Sets <see cref="InferInput.BinaryStart"/> of every binary input. Returns the length the whole body must have.</summary>
    /// <exception cref="RefusedException">
    /// <see cref="Refusal.HeadLengthBeyondBody"/>, <see cref="Refusal.InputWrongByteCount"/> (a size that is not the
    /// shape's, or sizes that overflow), <see cref="Refusal.BodyTruncated"/>, <see cref="Refusal.BodyTrailingBytes"/>.
    /// </exception>
    public static long Plan(long headLength, long bodyLength, InferRequest request)
    {
        CheckHead(headLength, bodyLength);
        long end = headLength;
        foreach (InferInput input in request.Inputs)
        {
            if (!input.IsBinary)
            {
                continue;
            }

            CheckSize(input);
            input.BinaryStart = end;
            if (input.BinarySize > long.MaxValue - end)
            {
                RefusedException.Throw(Refusal.InputWrongByteCount, "the inputs' binary sizes overflow");
            }

            end += input.BinarySize;
        }

        CheckEnd(end, bodyLength);
        return end;
    }

    /// <summary>Compares the planned length with the one that was declared or has arrived.</summary>
    /// <exception cref="RefusedException"><see cref="Refusal.BodyTruncated"/> or <see cref="Refusal.BodyTrailingBytes"/>.</exception>
    public static void CheckEnd(long planned, long bodyLength)
    {
        if (bodyLength == UnknownLength || bodyLength == planned)
        {
            return;
        }

        Refusal refusal = bodyLength < planned ? Refusal.BodyTruncated : Refusal.BodyTrailingBytes;
        RefusedException.Throw(refusal, $"body of {bodyLength} bytes where head and tensors take {planned}");
    }

    /// <summary>Holds the bytes of one binary tensor against its shape.</summary>
    internal static void CheckSize(InferInput input)
    {
        if (input.Type == ElementType.Bytes)
        {
            // The least that so many elements take: each one's length. The exact form is judged when the bytes are there.
            input.Shape.TryElementCount(out long count);
            if (input.BinarySize / BytesTensor.LengthSize < count)
            {
                RefusedException.Throw(Refusal.InputWrongByteCount, $"input '{input.NameText()}' has {input.BinarySize} bytes for {count} elements of BYTES");
            }
        }
        else if (!input.Shape.TryByteCount(input.Type, out long bytes) || bytes != input.BinarySize)
        {
            RefusedException.Throw(
                Refusal.InputWrongByteCount,
                $"input '{input.NameText()}' has {input.BinarySize} bytes, {input.Type.WireName()}{input.Shape} takes {bytes}");
        }
    }
}
