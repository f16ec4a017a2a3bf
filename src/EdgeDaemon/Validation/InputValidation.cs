using System.Collections.Immutable;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Models;

namespace EdgeDaemon.Validation;

/// <summary>
/// Holds a request against the model's contract: names, types and shapes before any tensor memory is taken, values after
/// they have arrived.
/// </summary>
internal static class InputValidation
{
    /// <summary>Plans the inputs of a request whose tensors are named in its head; <paramref name="json"/> is that head.</summary>
    public static void Plan(InferRequest request, ReadOnlySpan<byte> json, ModelContract contract, InputPlan plan)
    {
        ImmutableArray<ContractInput> inputs = contract.Inputs;
        plan.Begin(inputs.Length);
        ReadOnlySpan<InferInput> given = request.Inputs;
        for (int i = 0; i < given.Length; i++)
        {
            InferInput input = given[i];
            int index = IndexOf(inputs, input);
            ContractInput declared = inputs[index];
            ref PlannedInput planned = ref plan[index];
            if (planned.Given)
            {
                throw new RefusedException(Refusal.InputDuplicate, $"input '{declared.Contract.Name}' is given twice");
            }

            if (input.Type != declared.Contract.Type)
            {
                throw new RefusedException(
                    Refusal.InputWrongType, $"input '{declared.Contract.Name}' is {input.Type.WireName()}, the model expects {declared.Contract.Type.WireName()}");
            }

            if (!declared.Contract.Admits(input.Shape))
            {
                throw new RefusedException(
                    Refusal.InputWrongShape, $"input '{declared.Contract.Name}' has shape {input.Shape}, the model expects [{string.Join(',', declared.Contract.Shape)}]");
            }

            planned.Given = true;
            planned.RequestIndex = i;
            planned.Shape = input.Shape;
            Measure(ref planned, declared, input, json);
            plan.TotalBytes += planned.Bytes + planned.PreparedBytes;
        }

        for (int i = 0; i < inputs.Length; i++)
        {
            if (!plan[i].Given)
            {
                throw new RefusedException(Refusal.InputMissing, $"input '{inputs[i].Contract.Name}' is missing");
            }
        }

        CheckOutputs(request, contract);
    }

    /// <summary>Plans a raw request: the whole body is the one input.</summary>
    public static void PlanRaw(long bodyLength, ModelContract contract, InputPlan plan)
    {
        if (contract.Inputs.Length != 1)
        {
            throw new RefusedException(Refusal.InputRawAmbiguous, $"a raw request names no input, the model has {contract.Inputs.Length}");
        }

        ContractInput declared = contract.Inputs[0];
        plan.Begin(1);
        ref PlannedInput planned = ref plan[0];
        planned.Given = true;
        planned.RequestIndex = -1;
        RawRequest.Infer(declared.Contract, bodyLength, out planned.Shape);
        planned.Shape.TryElementCount(out planned.Elements);
        planned.Bytes = RawRequest.TensorBytes(declared.Contract, bodyLength);
        planned.PreparedBytes = declared.Preprocess is null ? 0 : planned.Elements * sizeof(float);
        plan.TotalBytes = planned.Bytes + planned.PreparedBytes;
    }

    /// <summary>Checks one tensor that has arrived: text and truth values well formed, numbers finite unless the bundle allows others.</summary>
    public static void CheckValues(in PlannedInput planned, ContractInput declared, ReadOnlySpan<byte> tensor)
    {
        switch (declared.Contract.Type)
        {
            case ElementType.Bytes:
                BytesTensor.Validate(tensor, planned.Elements);
                break;
            case ElementType.Bool:
                BoolTensor.Validate(tensor);
                break;
            default:
                if (!declared.AllowNonFinite && NonFinite.Any(declared.Contract.Type, tensor))
                {
                    throw new RefusedException(Refusal.InputNotFinite, $"input '{declared.Contract.Name}' holds NaN or infinity");
                }

                break;
        }
    }

    private static int IndexOf(ImmutableArray<ContractInput> inputs, InferInput input)
    {
        for (int i = 0; i < inputs.Length; i++)
        {
            if (input.NameIs(inputs[i].NameUtf8))
            {
                return i;
            }
        }

        throw new RefusedException(Refusal.InputUnknown, $"the model has no input '{input.NameText()}'");
    }

    private static void Measure(ref PlannedInput planned, ContractInput declared, InferInput input, ReadOnlySpan<byte> json)
    {
        if (!planned.Shape.TryElementCount(out planned.Elements))
        {
            throw new RefusedException(Refusal.InputShapeOverflow, $"input '{declared.Contract.Name}' has shape {planned.Shape}");
        }

        if (!input.IsBinary)
        {
            // Before memory is taken: a few bytes of JSON can claim a shape of any size.
            planned.Bytes = JsonTensorReader.Measure(json.Slice(input.DataStart, input.DataLength), declared.Contract.Type, planned.Shape);
        }
        else if (declared.Contract.Type == ElementType.Bytes)
        {
            planned.Bytes = input.BinarySize;
        }
        else if (!planned.Shape.TryByteCount(declared.Contract.Type, out planned.Bytes) || input.BinarySize != planned.Bytes)
        {
            throw new RefusedException(
                Refusal.InputWrongByteCount, $"input '{declared.Contract.Name}' of shape {planned.Shape} takes {planned.Bytes} bytes, binary_data_size is {input.BinarySize}");
        }

        if (declared.Preprocess is not null)
        {
            // At most four times a checked byte count of int.MaxValue's order: the grant refuses long before this overflows.
            planned.PreparedBytes = checked(planned.Elements * sizeof(float));
        }
    }

    private static void CheckOutputs(InferRequest request, ModelContract contract)
    {
        foreach (InferOutput asked in request.Outputs)
        {
            bool known = false;
            foreach (ContractOutput output in contract.Outputs)
            {
                known |= asked.NameIs(output.NameUtf8);
            }

            if (!known)
            {
                throw new RefusedException(Refusal.OutputUnknown, $"the model has no output '{asked.NameText()}'");
            }
        }
    }
}
