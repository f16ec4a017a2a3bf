using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Protocol;

/// <summary>A raw binary request: head length 0, the body is the one input's bytes, the shape follows from the model.</summary>
public static class RawRequest
{
    /// <summary>
    /// The shape of a body of that length. BYTES: the body is the text of one element, without the 4-byte length that
    /// the tensor then needs before it (<see cref="TensorBytes"/>).
    /// </summary>
    /// <exception cref="RefusedException">
    /// <see cref="Refusal.InputRawAmbiguous"/>: more than one variable dimension, a variable one beside a zero, or
    /// BYTES of more than one element. <see cref="Refusal.InputWrongByteCount"/>: no such shape has this length.
    /// </exception>
    public static void Infer(TensorContract contract, long bodyLength, out TensorShape shape)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bodyLength);
        if (!TensorShape.TryCreate(contract.Shape.AsSpan(), out shape))
        {
            throw new ArgumentException($"input '{contract.Name}' has more than {TensorShape.MaxRank} dimensions", nameof(contract));
        }

        int variable = -1;
        for (int i = 0; i < shape.Rank; i++)
        {
            if (shape[i] >= 0)
            {
                continue;
            }

            if (variable >= 0)
            {
                RefusedException.Throw(Refusal.InputRawAmbiguous, $"input '{contract.Name}' has more than one variable dimension");
            }

            variable = i;
            shape.Set(i, 1);
        }

        if (contract.Type == ElementType.Bytes)
        {
            InferText(contract, bodyLength, shape);
            return;
        }

        if (!shape.TryByteCount(contract.Type, out long one))
        {
            RefusedException.Throw(Refusal.InputShapeOverflow, $"input '{contract.Name}' of shape {shape} is too large to count");
        }

        if (variable >= 0)
        {
            // A fixed zero beside it: any value fits none or all of it, and the division has no answer (CVE-2025-23321).
            if (one == 0)
            {
                RefusedException.Throw(Refusal.InputRawAmbiguous, $"input '{contract.Name}' has a variable dimension beside a zero one");
            }

            shape.Set(variable, bodyLength / one);
            one *= bodyLength / one;
        }

        if (one != bodyLength)
        {
            RefusedException.Throw(Refusal.InputWrongByteCount, $"a body of {bodyLength} bytes is no {contract.Type.WireName()} of input '{contract.Name}'");
        }
    }

    /// <summary>Bytes of the tensor in wire form: the body's, and for BYTES the element's length before it.</summary>
    public static long TensorBytes(TensorContract contract, long bodyLength) =>
        contract.Type == ElementType.Bytes ? bodyLength + BytesTensor.LengthSize : bodyLength;

    private static void InferText(TensorContract contract, long bodyLength, in TensorShape shape)
    {
        if (!shape.TryElementCount(out long count) || count != 1)
        {
            RefusedException.Throw(Refusal.InputRawAmbiguous, $"input '{contract.Name}' is BYTES of more than one element");
        }

        if (bodyLength > uint.MaxValue)
        {
            RefusedException.Throw(Refusal.InputWrongByteCount, "an element of BYTES is at most 2^32-1 bytes long");
        }
    }
}
