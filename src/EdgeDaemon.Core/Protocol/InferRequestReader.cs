using System.Text.Json;
using System.Text.Unicode;

namespace EdgeDaemon.Core.Protocol;

/// <summary>
/// Reads the JSON head of an inference request (Open Inference Protocol v2, REST, with Triton's binary tensor
/// extension) in one pass, without building a document. What is accepted and each refusal: README.md of this folder.
/// </summary>
public static partial class InferRequestReader
{
    // Six bytes of escape per character at most, so that any name within its bound can be unescaped here.
    private const int NameRoom = 6 * 256;

    [Flags]
    private enum Seen
    {
        None = 0,
        Id = 1,
        Parameters = 2,
        Inputs = 4,
        Outputs = 8,
        Name = 16,
        Shape = 32,
        Type = 64,
        Data = 128,
        BinarySize = 256,
        Binary = 512,
        BinaryOutput = 1024,
        Classification = 2048,
    }

    /// <summary>Resets <paramref name="into"/> and fills it from <paramref name="json"/>; on a refusal it is left reset.</summary>
    /// <exception cref="RefusedException">The head breaks a rule; the only exception that bytes can cause.</exception>
    public static void Read(ReadOnlySpan<byte> json, ProtocolLimits limits, InferRequest into)
    {
        into.Reset();
        bool whole = false;
        try
        {
            if (json.Length > limits.MaxHeadBytes)
            {
                RefusedException.Throw(Refusal.HeadTooLarge, $"head of {json.Length} bytes, at most {limits.MaxHeadBytes}");
            }

            // RFC 8259: JSON between systems is UTF-8. Checked once for the whole head, since the tokeniser does not.
            if (!Utf8.IsValid(json))
            {
                RefusedException.Throw(Refusal.HeadMalformedJson, "the head is not UTF-8");
            }

            var reader = new HeadReader(json, limits.MaxDepth);
            ReadRequest(ref reader, limits, into);
            whole = true;
        }
        catch (JsonException e)
        {
            throw new RefusedException(Refusal.HeadMalformedJson, e.Message, e);
        }
        finally
        {
            if (!whole)
            {
                into.Reset();
            }
        }
    }

    private static void ReadRequest(ref HeadReader reader, ProtocolLimits limits, InferRequest into)
    {
        Span<byte> room = stackalloc byte[NameRoom];
        reader.Read();
        Expect(reader, JsonTokenType.StartObject, "the request");
        var seen = Seen.None;
        while (reader.NextMember())
        {
            ReadOnlySpan<byte> name = reader.MemberName(room);
            if (name.SequenceEqual("inputs"u8))
            {
                Once(ref seen, Seen.Inputs, "inputs");
                reader.ReadValue();
                ReadInputs(ref reader, limits, into, room);
            }
            else if (name.SequenceEqual("outputs"u8))
            {
                Once(ref seen, Seen.Outputs, "outputs");
                reader.ReadValue();
                ReadOutputs(ref reader, limits, into, room);
            }
            else if (name.SequenceEqual("parameters"u8))
            {
                Once(ref seen, Seen.Parameters, "parameters");
                reader.ReadValue();
                ReadRequestParameters(ref reader, limits, into, room);
            }
            else if (name.SequenceEqual("id"u8))
            {
                Once(ref seen, Seen.Id, "id");
                reader.ReadValue();
                ReadId(ref reader, limits, into);
            }
            else
            {
                reader.ReadValue();
                reader.Skip();
            }
        }

        // The reader itself refuses anything but white space behind the document.
        reader.Read();
        Require(seen, Seen.Inputs, "inputs");
    }

    private static void ReadId(ref HeadReader reader, ProtocolLimits limits, InferRequest into)
    {
        if (reader.Token == JsonTokenType.Null)
        {
            return;
        }

        Expect(reader, JsonTokenType.String, "id");
        into.SetId(KeepText(ref reader, into, limits.MaxIdBytes, Refusal.HeadIdTooLong, Refusal.HeadMalformedJson, "id"));
    }
}
