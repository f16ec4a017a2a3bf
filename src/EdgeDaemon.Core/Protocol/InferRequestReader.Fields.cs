using System.Text.Json;

namespace EdgeDaemon.Core.Protocol;

/// <content>What every part of the head needs: presence, kinds, text within bounds.</content>
public static partial class InferRequestReader
{
    /// <summary>No memory by a name that a caller chose (CVE-2025-23319 and the chain around it).</summary>
    internal static void RefuseSharedMemory(ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual("shared_memory_region"u8)
            || name.SequenceEqual("shared_memory_byte_size"u8)
            || name.SequenceEqual("shared_memory_offset"u8))
        {
            RefusedException.Throw(Refusal.InputSharedMemory, "client-named shared memory is not served");
        }
    }

    private static bool? OptionalBoolean(ref HeadReader reader, string field)
    {
        if (reader.Token == JsonTokenType.Null)
        {
            return null;
        }

        if (reader.Token is not (JsonTokenType.True or JsonTokenType.False))
        {
            RefusedException.Throw(Refusal.HeadWrongFieldType, $"{field} is not a boolean");
        }

        return reader.Boolean;
    }

    private static TextRange KeepName(ref HeadReader reader, ProtocolLimits limits, InferRequest into)
    {
        Expect(reader, JsonTokenType.String, "name");
        TextRange range = KeepText(ref reader, into, limits.MaxNameBytes, Refusal.HeadNameTooLong, Refusal.InputTextInvalid, "name");
        ReadOnlySpan<byte> name = into.Text(range);
        if (name.IsEmpty || name.ContainsAnyInRange((byte)0, (byte)0x1f) || name.Contains((byte)0x7f))
        {
            RefusedException.Throw(Refusal.InputTextInvalid, "a tensor's name is empty or holds control characters");
        }

        return range;
    }

    private static TextRange KeepText(ref HeadReader reader, InferRequest into, int max, Refusal tooLong, Refusal invalid, string field)
    {
        // An escape takes at most six bytes for one: longer than this cannot fit, so no room is taken for it.
        if (reader.Raw.Length > 6 * (long)max)
        {
            RefusedException.Throw(tooLong, $"{field} is longer than {max} bytes");
        }

        if (!reader.TryCopyText(into.ReserveText(reader.Raw.Length), out int length))
        {
            RefusedException.Throw(invalid, $"{field} holds an unpaired surrogate");
        }

        if (length > max)
        {
            RefusedException.Throw(tooLong, $"{field} is longer than {max} bytes");
        }

        return into.KeepText(length);
    }

    private static void Once(ref Seen seen, Seen member, string name)
    {
        if ((seen & member) != 0)
        {
            RefusedException.Throw(Refusal.HeadDuplicateKey, $"'{name}' is given twice");
        }

        seen |= member;
    }

    private static void Require(Seen seen, Seen member, string name)
    {
        if ((seen & member) == 0)
        {
            RefusedException.Throw(Refusal.HeadMissingField, $"'{name}' is missing");
        }
    }

    private static void Expect(in HeadReader reader, JsonTokenType token, string field)
    {
        if (reader.Token != token)
        {
            Unexpected(reader.Token, token, field); // Apart, so that what is asked at every step is a comparison and no call.
        }
    }

    private static void Unexpected(JsonTokenType found, JsonTokenType token, string field) =>
        RefusedException.Throw(Refusal.HeadWrongFieldType, $"{field} is {found}, not {token}");
}
