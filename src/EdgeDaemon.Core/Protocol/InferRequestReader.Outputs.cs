using System.Text.Json;

namespace EdgeDaemon.Core.Protocol;

/// <content>The entries of <c>outputs</c>: what the caller wants back, and how.</content>
public static partial class InferRequestReader
{
    private static void ReadOutputs(ref HeadReader reader, ProtocolLimits limits, InferRequest into, scoped Span<byte> room)
    {
        if (reader.Token == JsonTokenType.Null)
        {
            return;
        }

        Expect(reader, JsonTokenType.StartArray, "outputs");
        while (reader.NextElement())
        {
            if (into.Outputs.Length == limits.MaxTensors)
            {
                RefusedException.Throw(Refusal.HeadTooManyTensors, $"more than {limits.MaxTensors} outputs");
            }

            InferOutput output = into.AddOutput();
            ReadOutput(ref reader, limits, into, output, room);

            // One output asked for many times multiplied the memory of an answer elsewhere (CVE-2025-33201).
            foreach (InferOutput other in into.Outputs[..^1])
            {
                if (other.NameIs(output.Name))
                {
                    RefusedException.Throw(Refusal.OutputDuplicate, $"output '{output.NameText()}' is asked for twice");
                }
            }
        }
    }

    private static void ReadOutput(ref HeadReader reader, ProtocolLimits limits, InferRequest into, InferOutput output, scoped Span<byte> room)
    {
        Expect(reader, JsonTokenType.StartObject, "an output");
        var seen = Seen.None;
        while (reader.NextMember())
        {
            ReadOnlySpan<byte> name = reader.MemberName(room);
            if (name.SequenceEqual("name"u8))
            {
                Once(ref seen, Seen.Name, "name");
                reader.ReadValue();
                output.NameRange = KeepName(ref reader, limits, into);
            }
            else if (name.SequenceEqual("parameters"u8))
            {
                Once(ref seen, Seen.Parameters, "parameters");
                reader.ReadValue();
                ReadOutputParameters(ref reader, output, room);
            }
            else
            {
                reader.ReadValue();
                reader.Skip();
            }
        }

        Require(seen, Seen.Name, "name");
    }

    private static void ReadOutputParameters(ref HeadReader reader, InferOutput output, scoped Span<byte> room)
    {
        if (reader.Token == JsonTokenType.Null)
        {
            return;
        }

        Expect(reader, JsonTokenType.StartObject, "parameters");
        var seen = Seen.None;
        while (reader.NextMember())
        {
            ReadOnlySpan<byte> name = reader.MemberName(room);
            RefuseSharedMemory(name);
            bool binary = name.SequenceEqual("binary_data"u8);
            bool classification = name.SequenceEqual("classification"u8);
            reader.ReadValue();
            if (binary)
            {
                Once(ref seen, Seen.Binary, "binary_data");
                output.Binary = OptionalBoolean(ref reader, "binary_data");
            }
            else if (classification)
            {
                Once(ref seen, Seen.Classification, "classification");
                RefuseClassification(ref reader);
            }

            reader.Skip();
        }
    }

    /// <summary>An extension that is not listed: an answer that ignored it would be of another type than the caller expects.</summary>
    private static void RefuseClassification(ref HeadReader reader)
    {
        if (reader.Token != JsonTokenType.Null && !(reader.IsInteger && reader.TryGetInt64(out long count) && count == 0))
        {
            RefusedException.Throw(Refusal.HeadParameterUnsupported, "the classification extension is not served");
        }
    }
}
