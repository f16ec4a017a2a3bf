namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>
/// What the runtime will compute from constants when it loads the model, as far as sizes go: a small file can ask for any amount of memory. Follows small
/// integer constants through the operators that exporters put between them and a size.
/// </summary>
internal sealed class OnnxFolding(OnnxFindings findings)
{
    /// <summary>Elements that one constant node may make.</summary>
    public const long MostElements = 1L << 26;

    private const long MostBytes = 1L << 30;
    private const int WidestElement = 8;
    private const long MostPadding = 1L << 16;

    private long _bytes;

    /// <summary>Looks at one node; what it makes from constants is entered into the scope.</summary>
    public void Node(OnnxNode node, OnnxGraph scope, string place)
    {
        if (node.Domain != OperatorList.Standard)
        {
            return;
        }

        switch (node.Operator)
        {
            case "Constant":
                Constant(node, scope);
                return;
            case "ConstantOfShape":
                Size(node, scope, place, node.Inputs.ElementAtOrDefault(0), 1);
                break;
            case "Expand":
                Size(node, scope, place, node.Inputs.ElementAtOrDefault(1), 1);
                break;
            case "Tile":
                Size(node, scope, place, node.Inputs.ElementAtOrDefault(1), Math.Max(1, scope.ElementsOf(node.Inputs.ElementAtOrDefault(0))));
                break;
            case "Resize" or "Upsample":
                Size(node, scope, place, node.Inputs.ElementAtOrDefault(node.Operator == "Resize" ? 3 : -1), 1);
                break;
            case "OneHot":
                Size(node, scope, place, node.Inputs.ElementAtOrDefault(1), Math.Max(1, scope.ElementsOf(node.Inputs.ElementAtOrDefault(0))));
                break;
            case "RandomNormal" or "RandomUniform":
                Product(place, node.Operator, node.Attributes.GetValueOrDefault("shape")?.Values, 1);
                break;
            case "Range":
                Range(node, scope, place);
                break;
            case "Pad":
                Padding(node, scope, place);
                break;
        }

        Propagate(node, scope);
    }

    private static void Constant(OnnxNode node, OnnxGraph scope)
    {
        string name = node.Outputs.ElementAtOrDefault(0) ?? "";
        OnnxTensor? tensor = node.Attributes.GetValueOrDefault("value")?.Tensor;
        long[]? values = tensor?.Values ?? node.Attributes.GetValueOrDefault("value_int")?.Values ?? node.Attributes.GetValueOrDefault("value_ints")?.Values;
        scope.Constant(name, tensor?.Elements ?? values?.Length ?? 1, values);
    }

    private void Size(OnnxNode node, OnnxGraph scope, string place, string? input, long times)
    {
        if (string.IsNullOrEmpty(input))
        {
            return;
        }

        if (scope.ValuesOf(input) is { } values)
        {
            Product(place, node.Operator, values, times);
        }
        else if (scope.IsConstant(input))
        {
            findings.Danger(OnnxRule.Folding, place, $"the size of {node.Operator} is computed from constants in a way that is not followed");
        }
        else
        {
            findings.Warning(OnnxRule.SizeFromData, place, $"the size of {node.Operator} depends on the request");
        }
    }

    private void Product(string place, string name, long[]? sizes, long times)
    {
        Int128 elements = times;
        foreach (long size in sizes ?? [])
        {
            elements *= Math.Max(size, 0);
            if (elements > MostElements)
            {
                findings.Danger(OnnxRule.Folding, place, $"{name} makes more than {MostElements} elements from constants");
                return;
            }
        }

        _bytes += (long)elements * WidestElement;
        if (_bytes > MostBytes)
        {
            findings.Danger(OnnxRule.Folding, place, $"constants make the runtime compute more than {MostBytes} bytes at load");
            _bytes = 0;
        }
    }

    private void Range(OnnxNode node, OnnxGraph scope, string place)
    {
        long[]?[] bounds = [.. Enumerable.Range(0, 3).Select(i => scope.ValuesOf(node.Inputs.ElementAtOrDefault(i)))];
        if (bounds is [[long start], [long limit], [long delta]])
        {
            Int128 count = delta == 0 ? 0 : ((Int128)limit - start) / delta;
            Product(place, "Range", [(long)Int128.Clamp(count, 0, long.MaxValue)], 1);
        }
        else if (node.Inputs.TrueForAll(scope.IsConstant))
        {
            // Bounds that are no integers are small in every model seen; the child process bounds the rest.
            findings.Warning(OnnxRule.SizeFromData, place, "the size of Range is computed from constants that are no integers");
        }
        else
        {
            findings.Warning(OnnxRule.SizeFromData, place, "the size of Range depends on the request");
        }
    }

    private void Padding(OnnxNode node, OnnxGraph scope, string place)
    {
        long[]? pads = node.Attributes.GetValueOrDefault("pads")?.Values ?? scope.ValuesOf(node.Inputs.ElementAtOrDefault(1));
        if (pads is null)
        {
            if (node.Inputs.ElementAtOrDefault(1) is { Length: > 0 } input && !scope.IsConstant(input))
            {
                findings.Warning(OnnxRule.SizeFromData, place, "the size of Pad depends on the request");
            }
        }
        else if (pads.Any(pad => pad is > MostPadding or < -MostPadding))
        {
            findings.Danger(OnnxRule.Folding, place, $"Pad adds more than {MostPadding} elements to a dimension");
        }
    }

    // A node whose inputs are all constants is one, too; its values are known where they are small and the operator is plain.
    private static void Propagate(OnnxNode node, OnnxGraph scope)
    {
        if (node.Outputs.Count == 0 || node.Inputs.Count == 0 || !node.Inputs.TrueForAll(input => input.Length == 0 || scope.IsConstant(input)))
        {
            return;
        }

        long[]? Of(int index) => scope.ValuesOf(node.Inputs.ElementAtOrDefault(index));
        long[]? values = node.Operator switch
        {
            "Identity" or "Cast" or "Squeeze" or "Unsqueeze" or "Reshape" or "Flatten" => Of(0),
            "Concat" => node.Inputs.TrueForAll(input => scope.ValuesOf(input) is not null) ? [.. node.Inputs.SelectMany(input => scope.ValuesOf(input)!)] : null,
            "Add" => Each(Of(0), Of(1), (a, b) => a + b),
            "Sub" => Each(Of(0), Of(1), (a, b) => a - b),
            "Mul" => Each(Of(0), Of(1), (a, b) => a * b),
            _ => null,
        };
        foreach (string output in node.Outputs)
        {
            scope.Constant(output, values?.Length ?? 0, values is { Length: <= OnnxTensor.MostValues } ? values : null);
        }
    }

    private static long[]? Each(long[]? left, long[]? right, Func<Int128, Int128, Int128> combine)
    {
        if (left is null || right is null || (left.Length != right.Length && left.Length != 1 && right.Length != 1))
        {
            return null;
        }

        long[] result = new long[Math.Max(left.Length, right.Length)];
        for (int i = 0; i < result.Length; i++)
        {
            Int128 value = combine(left[left.Length == 1 ? 0 : i], right[right.Length == 1 ? 0 : i]);
            if (value > long.MaxValue || value < long.MinValue)
            {
                return null;
            }

            result[i] = (long)value;
        }

        return result;
    }
}
